import { basename } from 'node:path';
import type { Entry } from '../../catalog/manifest.ts';

export interface ComparedFiles {
  same: number;
  altered: number;
  /** Nothing but files of the backup came back, and not all of them: no compaction leaves that. */
  lost: boolean;
}

/**
 * The folder part of a name holds ids, which a restore may change. A compaction gives its files new names, so a file
 * that has its name and other bytes was damaged on the way.
 */
export function compareFiles(wanted: Entry[], found: Entry[]): ComparedFiles {
  const there = new Map(found.map((entry) => [basename(entry.name), entry]));
  let [same, altered] = [0, 0];
  for (const { name, bytes, sha256 } of wanted) {
    const other = there.get(basename(name));
    if (other === undefined) continue;
    if (other.bytes === bytes && other.sha256 === sha256) same += 1;
    else altered += 1;
  }
  return { same, altered, lost: same < wanted.length && same === found.length };
}

/** A shard and its bucket, by the numbers in the folder of their files. */
export interface ShardPlace {
  bucket: string;
  shard: number;
}

/** Whether a file is of that shard: `<bucket>/autogen/<shard>/000000001-000000001.tsm`. */
export function isIn({ bucket, shard }: ShardPlace, name: string): boolean {
  const folders = name.split('/').slice(0, -1);
  return folders.at(0) === bucket && folders.at(-1) === String(shard);
}
