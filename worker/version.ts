import { readFileSync } from 'node:fs';

/** The version of Holdfast, from its package.json: two levels up from `dist/worker/`, one from the source. */
export function holdfastVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'holdfast' && version) return version;
    } catch {
      // Not here: the other place.
    }
  }
  return 'unknown';
}
