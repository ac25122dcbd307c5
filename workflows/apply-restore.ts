import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { RestoreJob, RestoreTotals, Undone } from './contract/activities.ts';
import type { BackupReport, RestorePlan, RestoreReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { failure, failureCode, isCancelled, verdict } from './failure.ts';
import { nothingProven } from './proof.ts';
import { restoreArtifacts } from './restore-artifacts.ts';
import { restoreByProduct } from './restore-by-product.ts';
import type { Run } from './run.ts';
import { takeSafetyBackup } from './safety-backup.ts';

/** What a restore has done, as its report tells it. */
export type Applied = Pick<
  RestoreReport,
  'restored' | 'proof' | 'bytes' | 'safetyBackup' | 'sameFailureDomain'
>;

/** Carries out a planned restore at a destination whose lock is held. */
export async function applyRestore(
  run: Run,
  job: RestoreJob,
  plan: RestorePlan,
  pages: number[],
): Promise<Applied> {
  const { destination } = job;
  run.enter('preflight');
  const preflight = await activities(
    'ask',
    `preflight of ${destination.target}`,
    destination,
  ).preflight({
    snapshot: destination,
    purpose: 'restore',
    source: job.snapshot,
  });
  run.warn(...preflight.warnings);
  const safety =
    plan.destructive && destination.safetyBackup
      ? await takeSafetyBackup(run, job.safety)
      : undefined;

  const reached = new Set<'asked' | 'restored'>();
  let proven = nothingProven();
  try {
    proven =
      destination.kind === 'delegated'
        ? await restoreByProduct(run, job, plan, pages, (milestone) => {
            reached.add(milestone);
          })
        : await restoreArtifacts(run, job, plan, pages);
    const restored = await finish(run, job, proven);
    const { identical, equivalent, bytes } = proven;
    return { restored, proof: { identical, equivalent }, ...kept(safety), bytes };
  } catch (error) {
    if (safety) run.warn(wayBack(safety, destination));
    // What is proven stays, whatever failed after it; what could not be proven is kept: on a bad night, most of the data is better than none.
    const good = proven.identical + proven.equivalent > 0;
    const unproven = failureCode(error) === 'RESTORE_NOT_PROVEN';
    // A proof that could not be carried out says nothing against what the product calls restored.
    const cameBack = reached.has('restored') && !isCancelled(error);
    const undone = await undo(run, job, { keep: good || unproven || cameBack, good });
    // A restore that calls itself cancelled must not go on in the product.
    run.keepsWork = undone === 'failed' || undone.unknown !== undefined;
    const unstopped = reached.has('asked') && undone === 'failed' && isCancelled(error);
    const unknown = unstopped ? notStopped(job) : told(undone);
    throw unknown ? failure('RESTORE_STATE_UNKNOWN', unknown) : error;
  }
}

async function finish(run: Run, job: RestoreJob, totals: RestoreTotals): Promise<string[]> {
  const move = (summary: string) => activities('move', summary, job.destination);
  run.enter('finishing', false);
  const { restored, warnings } = await CancellationScope.nonCancellable(() =>
    job.destination.kind === 'delegated'
      ? move('clear away what was put back').finishRestoreJob({ job, totals })
      : move('make it visible under its final names').finishRestore({ job, totals }),
  );
  run.warn(...warnings);
  // By its plan `doctor` finds what still lies in the product's storage.
  if (job.destination.kind === 'delegated') {
    run.keepsWork = warnings.some(({ code }) => code === 'LEFTOVERS');
  }
  return restored;
}

function kept(safety: BackupReport | undefined): Partial<Applied> {
  if (!safety) return {};
  const { backup, sameFailureDomain } = safety;
  return { safetyBackup: backup, ...(sameFailureDomain && { sameFailureDomain }) };
}

/** A restore that replaces a whole server cannot be undone, so a person has to know this on the same night. */
function wayBack(
  { backup, sameFailureDomain }: BackupReport,
  { target, store }: RestoreJob['destination'],
): Warning {
  const where = sameFailureDomain
    ? `, whose bytes lie beside the database alone until ${sameFailureDomain.copy} has ended`
    : ` in ${store.name}`;
  return {
    code: 'SAFETY_BACKUP',
    message: `The destination as it was before is kept as backup ${backup} of ${target}${where}.`,
  };
}

/** The checks that a person must make, when the product cannot say in what state it is. */
function told(undone: Undone | 'failed'): string | undefined {
  return undone === 'failed' ? undefined : undone.unknown;
}

function notStopped({ backup, destination }: RestoreJob): string {
  return (
    `${destination.target} could not be asked to stop its restore of backup ${backup}: it may still run, or have come ` +
    'to its end. Look there before anybody uses it; the warnings say what stood in the way.'
  );
}

/**
 * A destination that refuses the undoing must not hide why the restore failed.
 * @returns what became of it; `failed` when that is not known
 */
async function undo(
  run: Run,
  job: RestoreJob,
  { keep, good }: { keep: boolean; good: boolean },
): Promise<Undone | 'failed'> {
  run.enter('undoing', false);
  const clean = activities('clean', 'undo', job.destination);
  try {
    const undone = await CancellationScope.nonCancellable(() =>
      job.destination.kind === 'delegated'
        ? clean.stopRestoreJob({ job, keep })
        : clean.undoRestore({ job, keep }),
    );
    run.warn(...tellOf(undone, good));
    return undone;
  } catch (error) {
    const { message } = verdict(error);
    run.warn({
      code: 'LEFTOVERS',
      message: `What this restore created could not be removed: ${message}`,
    });
    return 'failed';
  }
}

function tellOf({ removed, quarantined, lost = [] }: Undone, good: boolean): Warning[] {
  const why = good
    ? 'it is proven, and what failed came after that, so look at it and rename or remove it yourself'
    : 'it is not proven, so look at it and remove it yourself';
  return [
    ...removed.map((name) => ({
      code: 'REMOVED',
      message: `Removed ${name}, which this restore had created.`,
    })),
    ...quarantined.map((name) => ({
      code: 'QUARANTINED',
      message: `Kept ${name}: ${why}.`,
    })),
    ...lost.map((name) => ({
      code: 'REPLACED_LOST',
      message: `This restore dropped ${name} to replace it, and it is not there now: restore it from a safety backup, or restore this backup again.`,
    })),
  ];
}
