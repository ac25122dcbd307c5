import type { Entry } from '../catalog/manifest.ts';

/** One sentence's end for each file of a tar that is not as recorded, in the order of the record. */
export function compareEntries(recorded: Entry[], found: Entry[]): string[] {
  const differences: string[] = [];
  for (let index = 0; index < Math.max(recorded.length, found.length); index++) {
    const expected = recorded[index];
    const actual = found[index];
    if (!expected) differences.push(`holds ${actual?.name}, which the manifest does not list`);
    else if (!actual) differences.push(`lacks ${expected.name}, which the manifest lists`);
    else if (actual.name !== expected.name) {
      differences.push(`holds ${actual.name}, where the manifest lists ${expected.name}`);
    } else if (actual.bytes !== expected.bytes || actual.sha256 !== expected.sha256) {
      differences.push(`holds other bytes in ${expected.name} than the manifest says`);
    }
  }
  return differences;
}
