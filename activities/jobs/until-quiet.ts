import type { Attempt } from '../attempt/attempt.ts';
import { pause } from '../pause.ts';
import type { JobReport } from '../products/delegated.ts';
import type { JobProgress } from './job-progress.ts';
import { polled } from './polled.ts';

export interface StoppedJob {
  poll(): Promise<JobReport>;
  cancel(): Promise<void>;
  pauseMs(elapsedMs: number): number;
  /** Where it writes; absent: only the product's word tells. */
  progress?: JobProgress | undefined;
  /** The last moment at which the product may have been asked to begin. */
  askedAt: Date;
  /** A job that neither ends nor writes for so long is dead, whatever the product says. */
  patienceMs: number;
}

/**
 * Has the product stop its job and waits until it is quiet. A job whose coordinator died says that it runs for ever:
 * it is quiet when nothing has changed in its storage for long enough.
 */
export async function untilQuiet(at: Attempt, job: StoppedJob): Promise<JobReport> {
  let report = await settled(at, job);
  if (report.state !== 'running') return report;
  const begun = Date.now();
  let [changed, seen] = [begun, ''];
  await job.cancel();
  for (;;) {
    await pause(Math.min(job.pauseMs(Date.now() - begun), job.patienceMs), at.signal);
    report = await polled(() => job.poll());
    at.figures.product = report.words;
    if (report.state !== 'running') return report;
    await job.progress?.look(at, true);
    if (job.progress && job.progress.fingerprint !== seen) {
      [changed, seen] = [Date.now(), job.progress.fingerprint];
    }
    if (Date.now() - changed > job.patienceMs) return report;
  }
}

/** A request to begin that was broken off may still be under way in the product: its absence is believed later. */
const ABSENCE_BELIEVED_MS = 30_000;

async function settled(at: Attempt, job: StoppedJob): Promise<JobReport> {
  const believed = job.askedAt.getTime() + Math.min(ABSENCE_BELIEVED_MS, job.patienceMs);
  for (;;) {
    const report = await polled(() => job.poll());
    const rest = believed - Date.now();
    if (report.state !== 'absent' || rest <= 0) return report;
    await pause(Math.min(rest, 1_000), at.signal);
  }
}
