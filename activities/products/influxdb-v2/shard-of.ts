import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';

/** The shard that an object holds, by its name: `20261120T020000Z.31~2.tar.gz`. */
export function shardOf(line: ObjectLine): number {
  const id = /\.(\d+)(?:~\d+)?\.tar(?:\.|$)/.exec(line.part?.of ?? line.path)?.[1];
  if (id !== undefined) return Number(id);
  throw new HoldfastError('BACKUP_DAMAGED', `${line.path} does not name the shard that it holds.`);
}

/** The id of its bucket, by the server's folders in the tar: `<bucket>/autogen/31/000000001-000000001.tsm`. */
export function bucketOf({ entries }: ObjectLine): string | undefined {
  const folders = /(?:^|\/)([0-9a-f]{16})\/[^/]+\/\d+\/[^/]+$/;
  return folders.exec(entries?.[0]?.name ?? '')?.[1];
}
