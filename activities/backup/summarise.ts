import type { BackupJob, Preflight } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import type { BackupPlan } from '../catalog/plan.ts';
import type { Conclusion } from '../products/product.ts';

export function totalsOf(lines: ObjectLine[], artifacts: number): Manifest['totals'] {
  const storedBytes = lines.reduce((sum, line) => sum + line.bytes, 0);
  return {
    artifacts,
    objects: lines.length,
    storedBytes,
    plainBytes: lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0),
    newBytes: lines.reduce((sum, line) => sum + (line.from === undefined ? line.bytes : 0), 0),
  };
}

/** The manifest stays small, whatever a bad night brings. */
const MOST_WARNINGS = 100;

export function warningsOf(facts: {
  job: BackupJob;
  preflight: Preflight;
  plan: BackupPlan;
  conclusion: Conclusion;
  totals: Manifest['totals'];
  /** The predecessor, when this backup holds less than half of it. */
  shrunk: Manifest['totals'] | undefined;
}): Warning[] {
  const { job, preflight, plan, conclusion, shrunk, totals } = facts;
  const all = [...job.warnings, ...preflight.warnings, ...plan.warnings, ...conclusion.warnings];
  if (shrunk) {
    all.unshift({
      code: 'SOURCE_SHRUNK',
      message:
        `This backup holds ${totals.plainBytes} bytes in ${totals.artifacts} artifacts, its predecessor ` +
        `${shrunk.plainBytes} in ${shrunk.artifacts}: unless that is right, \`latest\` passes over it.`,
    });
  }
  if (all.length <= MOST_WARNINGS) return all;
  const rest = all.length - MOST_WARNINGS;
  return [
    ...all.slice(0, MOST_WARNINGS),
    { code: 'MORE_WARNINGS', message: `${rest} more warnings are left out here.` },
  ];
}
