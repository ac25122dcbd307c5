import { readFile, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

/**
 * The mount point at or above a folder whose disk is not mounted now, as far as this host knows its disks. The folder is
 * there all the same, on the disk of the system, and whatever is written into it vanishes when the disk is mounted.
 */
export async function unmountedPoint(folder: string): Promise<string | undefined> {
  const path = await realpath(folder).catch(() => resolve(folder));
  const above = (points: string[]) =>
    points.filter((point) => point !== '/' && `${path}${sep}`.startsWith(`${point}${sep}`));
  const planned = longest(above(await columnOf('/etc/fstab', 1)));
  if (planned === undefined) return undefined;
  const points = await columnOf('/proc/self/mountinfo', 4);
  // Not Linux, or it does not say.
  if (points.length === 0) return undefined;
  const mounted = longest(above(points));
  // A disk that is mounted further down holds the folder, whatever should be mounted above it.
  return mounted !== undefined && mounted.length >= planned.length ? undefined : planned;
}

async function columnOf(file: string, column: number): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .map((line) => line.trim().split(/\s+/)[column] ?? '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => fromOctal(octal)))
    .filter((path) => path.startsWith('/'))
    .map((path) => resolve(path));
}

/** Blanks in a path are written so in both files. */
function fromOctal(digits: string): string {
  return String.fromCodePoint(Number.parseInt(digits, 8));
}

function longest(paths: string[]): string | undefined {
  return paths.toSorted((one, other) => other.length - one.length)[0];
}
