import { patched } from '@temporalio/workflow';
import type { BackupJob } from './contract/activities.ts';
import type { BackupReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import type { Run } from './run.ts';
import { takeBackup } from './take-backup.ts';

/**
 * Backs up what a restore is about to replace. That it is suspect does not stop the restore: on a bad night the
 * destination has lost data, and that is why somebody restores.
 */
export async function takeSafetyBackup(run: Run, job: BackupJob): Promise<BackupReport> {
  run.enter('safety backup');
  const before = new Set(run.warnings.map(keyOf));
  const report = await takeBackup(run, job);
  // What is warned of decides which webhooks are told how the run ended.
  if (patched('safety-backup-warnings')) tell(run, report, before);
  return report;
}

/** Whoever reads the warnings of a restore takes them for its own, unless each says that it is about the safety backup. */
function tell(run: Run, report: BackupReport, before: Set<string>): void {
  const { backup, warnings } = report;
  const own = warnings.filter((warning) => !before.has(keyOf(warning)));
  const told = new Set(own.map(keyOf));
  const others = run.warnings.filter((warning) => !told.has(keyOf(warning)));
  run.warnings.splice(0, run.warnings.length, ...others);
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
