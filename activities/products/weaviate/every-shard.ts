import { HoldfastError } from '../../failure.ts';
import type { Database, WeaviateClass } from './database.ts';
import { told } from '../../few.ts';

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
  const short = classes.flatMap(({ name, shards = 0 }) => {
    const there = live.get(name)?.size ?? 0;
    return there < shards ? [`${there} of the ${shards} shards of ${name}`] : [];
  });
  if (short.length === 0) return;
  for (const { name } of classes) {
    if (!live.has(name)) await database.requireInSight({ shardsOf: name });
  }
  throw new HoldfastError(
    'TARGET_ERROR',
    `${server} answers for ${told(short)} only: a node is away.`,
    { hint: 'Bring every node of the cluster back; the others count and list without it.' },
  );
}
