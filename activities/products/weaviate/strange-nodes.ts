import type { PreviousBackup } from '../delegated.ts';
import type { Node } from './database.ts';
import { isSince, SINCE, type Version } from './version.ts';

/**
 * Nodes that a backup holds nothing of, where the server cannot build on such a one: it accepts the request, and then
 * fails at those nodes. One without a shard counts, too, since the leader takes part whatever it holds.
 */
export function strangeNodes(
  { detail }: PreviousBackup,
  live: readonly Node[],
  version: Version,
): string[] {
  if (isSince(version, SINCE.nodesJoin)) return [];
  const held: unknown = detail['nodes'];
  const known = new Set<unknown>(Array.isArray(held) ? held : []);
  return live.map(({ name }) => name).filter((name) => !known.has(name));
}
