import type { Activities, BackupJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { isAnothers } from '../catalog/claimed.ts';
import { backupFolder, MANIFEST } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import type { BackupJobs } from '../products/delegated.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { JobProgress } from './job-progress.ts';
import { isOurs, jobsOf, type JobRecord } from './job-record.ts';
import { untilQuiet } from './until-quiet.ts';
import { withJob } from './with-job.ts';

/** The one step that later attempts have to know of: what is committed after it names what may be gone. */
const BEGUN = 0;

/**
 * Leaves a committed backup alone: from the commit on, what the product wrote is the backup. In a folder that another
 * run has claimed, the records of jobs are that run's.
 */
export function stopBackupJobs(deps: Dependencies): Activities['stopBackupJobs'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const manifest = backupFolder(job.snapshot.target, job.backup) + MANIFEST;
        if (!at.done.has(BEGUN) && (await store.head(manifest, { signal: at.signal }))) {
          return { warnings: [] };
        }
        if (await isAnothers(store, job, at.signal)) return { warnings: [] };
        at.done.add(BEGUN);
        const records = await jobsOf(store, job, at.signal);
        const warnings: Warning[] = [];
        for (const [index, record] of records.entries()) {
          await withJob(deps, at, job.snapshot, record, async ({ backup }, storage) => {
            if (!(await isOurs(backup, record))) return;
            // The newest may have been asked for until a moment ago, however long ago that began.
            const askedAt = index === 0 ? new Date() : new Date(record.since);
            warnings.push(...(await stop(at, job, backup, storage, { ...record, askedAt })));
          });
        }
        return { warnings, begun: true };
      }),
    );
}

async function stop(
  at: Attempt,
  { snapshot }: BackupJob,
  backup: BackupJobs,
  storage: Store,
  { name, askedAt }: JobRecord & { askedAt: Date },
): Promise<Warning[]> {
  const subject = `backup ${name} of ${snapshot.target}`;
  const end = await untilQuiet(at, {
    poll: () => backup.poll(name),
    cancel: () => backup.cancel(name),
    pauseMs: (elapsedMs) => backup.pauseMs(elapsedMs),
    progress: new JobProgress(storage, backup.prefix(name)),
    askedAt,
    patienceMs: snapshot.timeouts.stall,
  });
  await backup.remove(name);
  if (end.state !== 'running') return [];
  return [
    {
      code: 'JOB_STUCK',
      message:
        `The database still says ${end.words} of its ${subject} after it was told to stop, and writes nothing any ` +
        'more; what it had written is removed.',
      subject: name,
    },
  ];
}
