import { HoldfastError } from '../../failure.ts';
import type { Database, WeaviateClass } from './database.ts';
import { told } from '../../few.ts';

/** Classes about which it asks who may see them: of those that a node holds there may be thousands. */
const MOST_ASKED = 10;

/**
 * A node that is away is not listed any more after some seconds, and the others answer for what they have as if it were
 * all: counts and pages of a class then lack whole shards, and nothing says so.
 * @throws TARGET_ERROR
 */
export async function requireEveryShard(
  database: Database,
  classes: readonly WeaviateClass[],
  server: string,
): Promise<void> {
  if (!classes.some(({ shards = 1 }) => shards > 1)) return;
  const live = new Map<string, Set<string>>();
  for (const { shards } of await database.nodes('verbose')) {
    for (const shard of shards) {
      const known = live.get(shard.class) ?? new Set();
      live.set(shard.class, known.add(shard.name));
    }
  }
  const thereOf = (name: string) => live.get(name)?.size ?? 0;
  const short = classes.filter(({ name, shards = 0 }) => thereOf(name) < shards);
  if (short.length === 0) return;
  for (const { name } of short.filter((one) => !live.has(one.name)).slice(0, MOST_ASKED)) {
    await database.requireInSight({ shardsOf: name });
  }
  const those = short.map(
    ({ name, shards }) => `${thereOf(name)} of the ${shards} shards of ${name}`,
  );
  throw new HoldfastError(
    'TARGET_ERROR',
    `${server} answers for ${told(those)} only: a node is away.`,
    { hint: 'Bring every node of the cluster back; the others count and list without it.' },
  );
}
