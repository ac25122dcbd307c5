import { HoldfastError } from '../../failure.ts';
import { told } from '../../few.ts';
import type { Node } from './database.ts';
import type { WrittenBackup } from './written-backup.ts';

/**
 * The shards of a class without tenants are there from its creation on, so a backup that lacks one lacks its objects. A
 * class that was made anew meanwhile has other shards, which are named at random: what was lost of it, counts tell.
 * @param names classes without tenants
 * @throws BACKUP_INCOMPLETE
 */
export function requireShards(
  server: string,
  name: string,
  { nodes }: WrittenBackup,
  live: readonly Node[],
  names: readonly string[],
): void {
  const written = [...nodes.values()].flatMap(({ classes }) => classes ?? []);
  const lost = names.flatMap((className) => {
    const own = live.flatMap(({ shards }) => shards.filter((shard) => shard.class === className));
    const there = new Set(own.map((shard) => shard.name));
    const held = new Set(
      written
        .filter((one) => one.name === className)
        .flatMap(({ shards }) => (shards ?? []).map((shard) => shard.name)),
    );
    if ([...held].some((shard) => !there.has(shard))) return [];
    return [...there]
      .filter((shard) => !held.has(shard))
      .map((shard) => `shard ${shard} of class ${className}`);
  });
  if (lost.length === 0) return;
  throw new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${server} calls its backup ${name} successful, and no node wrote ${told(lost)}.`,
    { hint: 'Look in the logs of the nodes that have those shards; then start the backup again.' },
  );
}
