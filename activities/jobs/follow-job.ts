import type { JobEnd } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt.ts';
import { formatDuration } from '../config/duration.ts';
import { HoldfastError } from '../failure.ts';
import { pause } from '../pause.ts';
import type { JobReport } from '../products/delegated.ts';
import type { JobProgress } from './job-progress.ts';
import { polled } from './polled.ts';

export interface FollowedJob {
  /** For people: `backup 2026-… of articles`. */
  subject: string;
  poll(): Promise<JobReport>;
  pauseMs(elapsedMs: number): number;
  since: Date;
  /** How long it may take before it counts as stuck. */
  patienceMs: number;
  progress?: JobProgress | undefined;
}

/**
 * Asks the product until its job has ended. A product that does not answer for a while is asked again, visibly, until
 * the job's own time is over: both a job and its server may be gone for ever without saying so.
 * @throws JOB_STUCK, and what no waiting can heal
 */
export async function followJob(at: Attempt, job: FollowedJob): Promise<JobEnd> {
  for (;;) {
    const elapsedMs = Date.now() - job.since.getTime();
    const report = await ask(at, job);
    if (report) {
      at.figures.product = report.words;
      if (report.state !== 'running') return { state: report.state, words: report.words };
    }
    if (elapsedMs > job.patienceMs) throw stuck(at, job);
    await job.progress?.look(at);
    await pause(job.pauseMs(elapsedMs), at.signal);
  }
}

async function ask(at: Attempt, job: FollowedJob): Promise<JobReport | undefined> {
  try {
    const report = await polled(() => job.poll());
    delete at.figures.lastError;
    return report;
  } catch (error) {
    if (!(error instanceof HoldfastError) || !error.retryable || at.signal.aborted) throw error;
    at.figures.lastError = error.message;
    return undefined;
  }
}

function stuck(at: Attempt, { subject, since, patienceMs }: FollowedJob): HoldfastError {
  const said = at.figures.lastError
    ? `the last answer was: ${at.figures.lastError}`
    : `the database still says ${at.figures.product ?? 'nothing'}`;
  return new HoldfastError(
    'JOB_STUCK',
    `The database's own ${subject} has not ended within ${formatDuration(patienceMs)}, counted from ` +
      `${since.toISOString()}; ${said}.`,
  );
}
