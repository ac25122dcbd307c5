import { sleep } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { BackupJob, JobEnd, Preflight } from './contract/activities.ts';
import { failure, failureCode, isCancelled, verdict } from './failure.ts';
import type { Run } from './run.ts';

/** A product that fails as often is ill, and a person should know. */
const MOST_ROUNDS = 3;
const PAUSE_MS = 60_000;
/** What another round, under another name, may heal. */
const WORTH_ANOTHER = ['JOB_FAILED', 'JOB_NAME_TAKEN', 'BACKUP_INCOMPLETE'];

/**
 * The product writes its backup by itself: it is asked to begin, followed to the end of its job, and what it wrote is
 * checked. What fails is begun again under another name, for a name that a product has burnt never comes back.
 */
export async function delegate(run: Run, job: BackupJob, found: Preflight): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      return await oneRound(run, job, round, found);
    } catch (error) {
      const again = WORTH_ANOTHER.includes(failureCode(error) ?? '') && round < MOST_ROUNDS;
      if (!again) throw error;
      run.warn({ code: 'ROUND_FAILED', message: `Round ${round}: ${verdict(error).message}` });
    }
    await forget(run, job);
    run.enter('leaving the product alone for a while');
    await sleep(Math.min(PAUSE_MS, job.snapshot.timeouts.retryPause), {
      summary: `before round ${round + 1}`,
    });
  }
}

async function oneRound(
  run: Run,
  job: BackupJob,
  round: number,
  { identity }: Preflight,
): Promise<void> {
  const { snapshot } = job;
  const move = (summary: string) => activities('move', summary, snapshot);

  run.enter('having the product begin');
  await move(`look at ${snapshot.target}, have it begin`).startBackupJob({ job, round, identity });

  run.enter('the product writes its backup');
  const wait = activities('wait', `the product’s own job, round ${round}`, snapshot);
  const end = await wait.followBackupJob({ job, round });
  if (end.state !== 'succeeded') throw failedJob(job, end);

  run.enter('checking what the product wrote');
  const found = await move('check that nothing is missing').checkBackupJob({ job, round });
  run.warn(...found.warnings);
  run.expect(found, found.stored);
}

/** What cannot be removed now is removed at the end, or told: no reason to go without a backup tonight. */
async function forget(run: Run, job: BackupJob): Promise<void> {
  run.enter('removing what the product wrote in vain');
  try {
    const clean = activities('clean', 'remove what is of no use', job.snapshot);
    run.warn(...(await clean.stopBackupJobs(job)).warnings);
  } catch (error) {
    if (isCancelled(error)) throw error;
    run.warn({ code: 'LEFTOVERS', message: verdict(error).message });
  }
}

const ENDS = {
  failed: 'failed',
  cancelled: 'was cancelled by somebody else',
  absent: 'is not known there any more',
  succeeded: 'succeeded',
};

function failedJob({ snapshot }: BackupJob, { state, words }: JobEnd) {
  return failure(
    'JOB_FAILED',
    `The backup job of ${snapshot.target} ${ENDS[state]}: it says “${words}”.`,
  );
}
