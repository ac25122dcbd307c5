import { sleep } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { BackupJob, JobEnd } from './contract/activities.ts';
import { failure, failureCode } from './failure.ts';
import type { Run } from './run.ts';

/** A product that fails as often is ill, and a person should know. */
const MOST_ROUNDS = 3;
const PAUSE_MS = 60_000;

/**
 * The product writes its backup by itself: it is asked to begin, followed to the end of its job, and what it wrote is
 * checked. A job that fails is begun again under another name, for a name that a product has burnt never comes back.
 */
export async function delegate(run: Run, job: BackupJob): Promise<void> {
  for (let round = 1; ; round++) {
    const end = await followed(run, job, round);
    if (end.state === 'succeeded') return check(run, job, round);
    if (round >= MOST_ROUNDS) throw failedForGood(job, end);
    run.warn({ code: 'JOB_FAILED', message: `Round ${round}: ${sentence(job, end)}` });
    run.enter('leaving the product alone for a while');
    await sleep(Math.min(PAUSE_MS, job.snapshot.timeouts.retryPause), {
      summary: `before round ${round + 1}`,
    });
  }
}

async function followed(run: Run, job: BackupJob, round: number): Promise<JobEnd> {
  const { snapshot } = job;
  try {
    run.enter('having the product begin');
    const move = activities('move', `look at ${snapshot.target}, have it begin`, snapshot);
    await move.startBackupJob({ job, round });
    run.enter('the product writes its backup');
    const wait = activities('wait', `the product’s own job, round ${round}`, snapshot);
    return await wait.followBackupJob({ job, round });
  } catch (error) {
    if (failureCode(error) !== 'JOB_NAME_TAKEN') throw error;
    return { state: 'failed', words: 'the name is taken' };
  }
}

async function check(run: Run, job: BackupJob, round: number): Promise<void> {
  run.enter('checking what the product wrote');
  const found = await activities(
    'move',
    'check that nothing is missing',
    job.snapshot,
  ).checkBackupJob({ job, round });
  run.warn(...found.warnings);
  run.expect(found, found.stored);
}

function sentence({ snapshot }: BackupJob, { state, words }: JobEnd): string {
  const ends = {
    failed: 'failed',
    cancelled: 'was cancelled by somebody else',
    absent: 'is not known there any more',
    succeeded: 'succeeded',
  };
  return `the backup job of ${snapshot.target} ${ends[state]}: it says “${words}”.`;
}

function failedForGood(job: BackupJob, end: JobEnd) {
  return failure('JOB_FAILED', `After ${MOST_ROUNDS} rounds, ${sentence(job, end)}`);
}
