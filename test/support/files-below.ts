import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MARKER = '.holdfast-host';

/**
 * Every file below a folder, relative to it, in order; none where there is no folder. What comes and goes meanwhile is no
 * failure: the marker of a directory store does not count.
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? []) {
    if (entry.isDirectory()) {
      const inner = await filesBelow(join(folder, entry.name));
      found.push(...inner.map((name) => `${entry.name}/${name}`));
    } else if (entry.isFile() && entry.name !== MARKER) found.push(entry.name);
  }
  return found.toSorted();
}

/** The same, with what each holds. */
export async function contentsBelow(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await filesBelow(folder)) {
    const bytes = await unlessGone(readFile(join(folder, name)));
    if (bytes) files.set(name, bytes);
  }
  return files;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
