import { CancellationScope, sleep } from '@temporalio/workflow';
import { isCancelled } from './failure.ts';

/**
 * Does the work, and cancels it when it has not ended in time; then the failure is thrown, once everything that was
 * under way has stopped. What cannot be cancelled any more is let finish and counts.
 */
export async function inTime<T>(
  ms: number,
  failure: () => Error,
  work: () => Promise<T>,
): Promise<T> {
  const working = new CancellationScope();
  const waiting = new CancellationScope();
  let late = false;
  const clock = waiting.run(async () => {
    await sleep(ms, { summary: 'deadline' });
    late = true;
    working.cancel();
  });
  clock.catch(() => undefined);
  try {
    return await working.run(work);
  } catch (error) {
    throw late && isCancelled(error) ? failure() : error;
  } finally {
    waiting.cancel();
  }
}
