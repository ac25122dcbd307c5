import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { readArtifacts, readPlan, type BackupPlan } from '../catalog/plan.ts';
import { readReceipts } from '../catalog/receipts.ts';
import { HoldfastError } from '../failure.ts';
import type { UnderWay } from './under-way.ts';

export interface Collected {
  plan: BackupPlan;
  /** Of everything stored, in the order of the plan. */
  lines: ObjectLine[];
  /** Subjects that vanished at the source. */
  gone: string[];
}

/**
 * Compares what was planned with what was done.
 * @throws BACKUP_INCOMPLETE when a planned artifact has neither been stored nor vanished
 */
export async function collectReceipts({
  at: { signal },
  job,
  store,
  folder,
}: UnderWay): Promise<Collected> {
  const plan = await readPlan(store, folder, signal);
  if (!plan) throw incomplete(job, 'its plan is missing');
  const lines = [...plan.lines];
  const gone: string[] = [];
  for (const page of plan.pages.keys()) {
    const planned = await readArtifacts(store, folder, plan, page, signal);
    const receipts = await readReceipts(store, folder, page, signal);
    const done = new Map(receipts?.map((receipt) => [receipt.path, receipt]));
    for (const { path, subject } of planned) {
      const receipt = done.get(path);
      if (!receipt) throw incomplete(job, `${subject} has no receipt`);
      if (receipt.gone) gone.push(subject);
      lines.push(...receipt.lines);
    }
  }
  return { plan, lines, gone };
}

function incomplete({ backup, snapshot }: BackupJob, what: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `Backup ${backup} of ${snapshot.target} is not committed: ${what}.`,
  );
}
