import type { PlannedJob } from '../delegated.ts';
import type { Node, WeaviateClass } from './database.ts';
import { detailOf, type RestoreDetail } from './restore-detail.ts';
import type { Weaviate } from './session.ts';

/** Clients that write to a class that is gone make it anew, unless the server is told not to let them. */
export const STOP_WRITERS =
  'Stop the writers, or turn AUTOSCHEMA_ENABLED off at the server, and restore again.';

/** What is to be dropped, as it was at the plan: shards bear names that are drawn at random when a class is made. */
export function shardsOf(
  classes: readonly WeaviateClass[],
  nodes: readonly Node[],
): NonNullable<RestoreDetail['drops']['shards']> {
  const plain = classes.filter(({ multiTenant }) => !multiTenant);
  return Object.fromEntries(plain.map(({ name }) => [name, live(name, nodes)]));
}

/** Which of the classes that are there now were made by others after the plan; nothing tells that of one with tenants. */
export async function madeAnew(
  { database }: Weaviate,
  plan: PlannedJob,
  present: readonly WeaviateClass[],
): Promise<string[]> {
  const { classes, shards } = detailOf(plan).drops;
  const there = present.filter(({ name }) => classes.includes(name));
  if (!shards || there.length === 0) return [];
  const nodes = await database.nodes('verbose');
  return there
    .filter(({ name, multiTenant }) => {
      const before = shards[name];
      if (before === undefined || multiTenant) return (before === undefined) !== multiTenant;
      const now = live(name, nodes);
      // A node that is away tells of no shards.
      if (before.length === 0 || now.length === 0) return false;
      return now.every((shard) => !before.includes(shard));
    })
    .map(({ name }) => name);
}

function live(className: string, nodes: readonly Node[]): string[] {
  const found = nodes.flatMap((node) => node.shards.filter((shard) => shard.class === className));
  return [...new Set(found.map(({ name }) => name))];
}
