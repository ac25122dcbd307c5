import { basename } from 'node:path';
import type { Entry } from '../../catalog/manifest.ts';

/**
 * The folder part of a name holds ids, which a restore may change. A compaction gives its files new names, so a file
 * that has its name and other bytes was damaged on the way.
 */
export function compareFiles(wanted: Entry[], found: Entry[]): { same: number; altered: number } {
  const there = new Map(found.map((entry) => [basename(entry.name), entry]));
  let [same, altered] = [0, 0];
  for (const { name, bytes, sha256 } of wanted) {
    const other = there.get(basename(name));
    if (other === undefined) continue;
    if (other.bytes === bytes && other.sha256 === sha256) same += 1;
    else altered += 1;
  }
  return { same, altered };
}
