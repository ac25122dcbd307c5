import type { JobEnd } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { HoldfastError } from '../failure.ts';
import type { JobReport } from '../products/delegated.ts';
import type { JobProgress } from './job-progress.ts';
import { polled } from './polled.ts';
import { untilEnded } from './until-ended.ts';

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
  const { state, words } = await untilEnded<JobReport, JobReport & JobEnd>({
    ask: () => ask(at, job),
    hasEnded: (report): report is JobReport & JobEnd => report.state !== 'running',
    pauseMs: (elapsedMs) => job.pauseMs(elapsedMs),
    since: job.since,
    patienceMs: job.patienceMs,
    stuck: () => ({
      subject: `The database's own ${job.subject}`,
      says: at.figures.lastError
        ? `the last answer was: ${at.figures.lastError}`
        : `the database still says ${at.figures.product ?? 'nothing'}`,
    }),
    between: async () => job.progress?.look(at),
    signal: at.signal,
  });
  return { state, words };
}

async function ask(at: Attempt, job: FollowedJob): Promise<JobReport | undefined> {
  try {
    const report = await polled(() => job.poll());
    at.figures.product = report.words;
    delete at.figures.lastError;
    return report;
  } catch (error) {
    if (!(error instanceof HoldfastError) || !error.retryable || at.signal.aborted) throw error;
    at.figures.lastError = error.message;
    return undefined;
  }
}
