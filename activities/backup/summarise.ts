import type { BackupJob, Preflight } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Taken } from './taken.ts';

export function totalsOf({
  artifacts,
  lines,
  productObjects,
}: Pick<Taken, 'artifacts' | 'lines' | 'productObjects'>): Manifest['totals'] {
  const own = sum(productObjects);
  return {
    artifacts,
    objects: lines.length + productObjects.length,
    storedBytes: own + sum(lines),
    plainBytes: own + sum(lines.map((line) => line.plain ?? line)),
    newBytes: own + sum(lines.filter((line) => line.from === undefined)),
  };
}

function sum(things: { bytes: number }[]): number {
  return things.reduce((total, { bytes }) => total + bytes, 0);
}

/** The manifest stays small, whatever a bad night brings. */
const MOST_WARNINGS = 100;

export function warningsOf(facts: {
  job: BackupJob;
  preflight: Preflight;
  taken: Taken;
  /** How it fell below half of its predecessor, when it did. */
  shrunk: string | undefined;
  /** That the backup before it is of another server. */
  replaced: Warning[];
}): Warning[] {
  const { job, preflight, taken, shrunk, replaced } = facts;
  const all = [...replaced, ...job.warnings, ...preflight.warnings, ...taken.warnings];
  if (shrunk !== undefined) all.unshift({ code: 'SOURCE_SHRUNK', message: shrunk });
  if (all.length <= MOST_WARNINGS) return all;
  const rest = all.length - MOST_WARNINGS;
  return [
    ...all.slice(0, MOST_WARNINGS),
    { code: 'MORE_WARNINGS', message: `${rest} more warnings are left out here.` },
  ];
}
