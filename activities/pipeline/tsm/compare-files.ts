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
