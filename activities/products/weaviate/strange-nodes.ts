import type { PreviousBackup } from '../delegated.ts';
import type { Database, WeaviateClass } from './database.ts';
import { isSince, SINCE, type Version } from './version.ts';

type BackedUp = Pick<WeaviateClass, 'name' | 'multiTenant'>;

/**
 * Nodes that will take part in a backup of these classes, and of which the last one holds nothing, where the server
 * cannot build on such a one: it accepts the request, and then fails at those nodes. Those that have shards take part,
 * and the leader, whatever it has. A node of which that cannot be told counts, since a full backup does no harm.
 */
export async function strangeNodes(
  { detail }: PreviousBackup,
  classes: readonly BackedUp[],
  database: Database,
  version: Version,
): Promise<string[]> {
  if (isSince(version, SINCE.nodesJoin)) return [];
  const held: unknown = detail['nodes'];
  const known = new Set<unknown>(Array.isArray(held) ? held : []);
  const others = (await database.nodes('verbose')).filter(({ name }) => !known.has(name));
  if (others.length === 0) return [];
  const leader = await database.leader();
  const all = leader === undefined || (await hasSleepers(classes, database));
  const names = new Set(classes.map(({ name }) => name));
  return others
    .filter(
      ({ name, shards }) => all || name === leader || shards.some((one) => names.has(one.class)),
    )
    .map(({ name }) => name);
}

/** Tenants that are not active are backed up where they lie, and no node names them. */
async function hasSleepers(classes: readonly BackedUp[], database: Database): Promise<boolean> {
  for (const { name } of classes.filter(({ multiTenant }) => multiTenant)) {
    if ((await database.tenants(name)).some(({ active }) => !active)) return true;
  }
  return false;
}
