import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { RestoreJob, RestoreTotals, Undone } from './contract/activities.ts';
import type { RestoreReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { failure, failureCode, verdict } from './failure.ts';
import { eachPage } from './pages.ts';
import type { Run } from './run.ts';
import { takeBackup } from './take-backup.ts';

/** Carries out a planned restore at a destination whose lock is held. Fills in the report. */
export async function applyRestore(
  run: Run,
  job: RestoreJob,
  pages: number[],
  report: RestoreReport,
): Promise<void> {
  const { destination } = job;
  const move = (summary: string, id?: string) => activities('move', summary, destination, id);

  run.enter('preflight');
  const preflight = await activities(
    'ask',
    `preflight of ${destination.target}`,
    destination,
  ).preflight({
    snapshot: destination,
    purpose: 'restore',
  });
  run.warn(...preflight.warnings);
  if (report.plan.destructive && destination.safetyBackup) {
    run.enter('safety backup');
    report.safetyBackup = (await takeBackup(run, job.safety)).backup;
  }

  const totals: RestoreTotals = {
    artifacts: 0,
    bytes: 0,
    identical: 0,
    equivalent: 0,
    failed: { subjects: [], count: 0 },
  };
  try {
    run.enter('preparing', true);
    await move('create what the data goes into').prepareRestore(job);

    run.expect(report.plan);
    run.enter('restoring and proving');
    await eachPage(pages, async (page, range, id) => {
      const part = await move(`artifacts ${range} of ${report.plan.artifacts}`, id).restorePage({
        job,
        page,
      });
      run.add(part, id);
      tally(totals, part);
    });
    if (totals.failed.count > 0) throw notProven(totals);

    run.enter('finishing', false);
    const finished = await CancellationScope.nonCancellable(() =>
      move('make it visible under its final names').finishRestore({ job, totals }),
    );
    run.warn(...finished.warnings);
    report.restored = finished.restored;
    report.proof = { identical: totals.identical, equivalent: totals.equivalent };
    report.bytes = totals.bytes;
  } catch (error) {
    if (report.safetyBackup) run.warn(wayBack(report.safetyBackup, destination));
    // What could not be proven is kept under another name: on a bad night, most of the data is better than none.
    await undo(run, job, failureCode(error) === 'RESTORE_NOT_PROVEN');
    throw error;
  }
}

/** A restore that replaces a whole server cannot be undone, so a person has to know this on the same night. */
function wayBack(backup: string, { target, store }: RestoreJob['destination']): Warning {
  return {
    code: 'SAFETY_BACKUP',
    message: `The destination as it was before is kept as backup ${backup} of ${target} in ${store.name}.`,
  };
}

/** A destination that refuses the undoing must not hide why the restore failed. */
async function undo(run: Run, job: RestoreJob, keep: boolean): Promise<void> {
  run.enter('undoing', false);
  try {
    const undone = await CancellationScope.nonCancellable(() =>
      activities('clean', 'undo', job.destination).undoRestore({ job, keep }),
    );
    run.warn(...tellOf(undone));
  } catch (error) {
    const { message } = verdict(error);
    run.warn({
      code: 'LEFTOVERS',
      message: `What this restore created could not be removed: ${message}`,
    });
  }
}

function tally(totals: RestoreTotals, part: RestoreTotals): void {
  totals.artifacts += part.artifacts;
  totals.bytes += part.bytes;
  totals.identical += part.identical;
  totals.equivalent += part.equivalent;
  totals.failed.count += part.failed.count;
  totals.failed.subjects = [...totals.failed.subjects, ...part.failed.subjects].slice(0, 20);
}

function notProven({ failed, artifacts }: RestoreTotals) {
  const named = failed.subjects.join('; ');
  const rest = failed.count - failed.subjects.length;
  return failure(
    'RESTORE_NOT_PROVEN',
    `${failed.count} of ${artifacts} artifacts came back different, also at the second try: ${named}` +
      `${rest > 0 ? `; and ${rest} more` : ''}.`,
  );
}

function tellOf({ removed, quarantined }: Undone) {
  return [
    ...removed.map((name) => ({
      code: 'REMOVED',
      message: `Removed ${name}, which this restore had created.`,
    })),
    ...quarantined.map((name) => ({
      code: 'QUARANTINED',
      message: `Kept ${name}: it is not proven, so look at it and remove it yourself.`,
    })),
  ];
}
