import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { BackupJob } from './contract/activities.ts';
import type { BackupReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { SAFETY_BACKUP } from './contract/safety-phase.ts';
import type { Run } from './run.ts';
import { takeBackup } from './take-backup.ts';

/**
 * Backs up what a restore is about to replace. That it is suspect does not stop the restore: on a bad night the
 * destination has lost data, and that is why somebody restores.
 */
export async function takeSafetyBackup(run: Run, job: BackupJob): Promise<BackupReport> {
  run.enter(SAFETY_BACKUP);
  const before = new Set(run.warnings.map(keyOf));
  const report = await run.within(SAFETY_BACKUP, () => taken(run, job));
  // What is warned of decides which webhooks are told how the run ended.
  if (patched('safety-backup-warnings')) tell(run, report, before);
  return report;
}

async function taken(run: Run, job: BackupJob): Promise<BackupReport> {
  try {
    return await takeBackup(run, job);
  } catch (error) {
    if (!endedByCancel(error)) run.warn(failed(job));
    throw error;
  }
}

/** As `isCancelled`, which must not be asked for the first time here: that would write into the history. */
function endedByCancel(error: unknown): boolean {
  const late = error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED';
  return isCancellation(error) || late;
}

function failed({ snapshot: { target } }: BackupJob): Warning {
  return {
    code: 'SAFETY_BACKUP_FAILED',
    message: `The backup of ${target} that is taken before anything is replaced there failed, so nothing was restored and ${target} is as it was. Where it can no longer be read, restore with --no-safety-backup (\`safetyBackup: false\`).`,
  };
}

const OF_THE_RUN = ['CANCEL_ASKED', 'CANCEL_FAILED'];

/** Whoever reads the warnings of a restore takes them for its own, unless each says that it is about the safety backup. */
function tell(run: Run, report: BackupReport, before: Set<string>): void {
  const { backup, warnings } = report;
  const own = warnings.filter(
    (warning) => !before.has(keyOf(warning)) && !OF_THE_RUN.includes(warning.code),
  );
  run.unwarn(own);
  run.warn(
    ...suspicion(report),
    ...own.map((warning) => ({
      ...warning,
      message: `Safety backup ${backup}: ${warning.message}`,
    })),
  );
}

function suspicion({ backup, target, state }: BackupReport): Warning[] {
  if (state !== 'suspect') return [];
  return [
    {
      code: 'SAFETY_BACKUP_SUSPECT',
      message: `Safety backup ${backup} is suspect: ${target} held much less than its last good backup holds, or could not read all of it. Before you go back to it, look at the older ones.`,
    },
  ];
}

function keyOf(warning: Warning): string {
  return JSON.stringify(warning);
}
