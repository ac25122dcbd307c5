import { formatDuration } from '../config/duration.ts';
import { HoldfastError } from '../failure.ts';
import { pause } from '../pause.ts';

export interface Polling<T, E extends T> {
  /** The state of the job; undefined when it cannot be had just now. */
  ask(): Promise<T | undefined>;
  hasEnded(state: T): state is E;
  pauseMs(elapsedMs: number): number;
  since: Date;
  /** How long the job may take before it counts as stuck. */
  patienceMs: number;
  /** The sentence's beginning and end: `The database's own backup 7 of articles`, `it still says that …`. */
  stuck(): { subject: string; says: string; hint?: string };
  /** Called after each answer that is no end. */
  between?(): Promise<void>;
  signal: AbortSignal;
}

/**
 * Asks about a job of somebody else's until it has ended.
 * @returns its last state
 * @throws JOB_STUCK, and what `ask` throws
 */
export async function untilEnded<T, E extends T>(polling: Polling<T, E>): Promise<E> {
  const { since, patienceMs, signal } = polling;
  for (;;) {
    const elapsedMs = Date.now() - since.getTime();
    const state = await polling.ask();
    if (state !== undefined && polling.hasEnded(state)) return state;
    if (elapsedMs > patienceMs) throw stuck(polling);
    await polling.between?.();
    await pause(polling.pauseMs(elapsedMs), signal);
  }
}

function stuck({
  since,
  patienceMs,
  ...polling
}: Pick<Polling<unknown, unknown>, 'since' | 'patienceMs' | 'stuck'>): HoldfastError {
  const { subject, says, hint } = polling.stuck();
  return new HoldfastError(
    'JOB_STUCK',
    `${subject} has not ended within ${formatDuration(patienceMs)}, counted from ${since.toISOString()}; ${says}.`,
    hint === undefined ? {} : { hint },
  );
}
