import { HoldfastError } from './failure.ts';
import { pause } from './pause.ts';

/** Passing faults in a row before they count. */
const FAULTS = 20;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Asks until it is answered: a backup of hours must not begin anew because one question was not. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !isPassing(error, tries) || tries === FAULTS) throw error;
      await pause(Math.min(FIRST_PAUSE_MS * tries, LONGEST_PAUSE_MS), signal);
    }
  }
}

function isPassing(error: unknown, tries: number): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return error.retryable || tries < (error.patience?.tries ?? 1);
}
