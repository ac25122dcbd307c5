import { setMaxListeners } from 'node:events';
import { StallWatch } from '../stall-watch.ts';

/**
 * Calls `act` when the signal is aborted; the result takes that back. One signal serves a whole activity, so hundreds of
 * listeners at a time are no leak.
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return () => undefined;
  if (!unlimited.has(signal)) {
    unlimited.add(signal);
    setMaxListeners(0, signal);
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

const unlimited = new WeakSet<AbortSignal>();

/**
 * Waits for promises that may never settle (a stalled source, a stalled disk), and gives up on them at once when its
 * signal is aborted. One promise at a time; unlike a race against one long-lived promise it collects no reactions.
 */
export class Interruption {
  readonly #signal: AbortSignal | undefined;
  readonly end: () => void;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.end = onAbort(signal, () => this.#reject?.(signal?.reason));
  }

  async wait<T>(promise: Promise<T>): Promise<T> {
    if (this.#signal?.aborted) {
      promise.catch(() => undefined);
      throw this.#signal.reason;
    }
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
    });
  }
}

/** The same for a single promise. */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
): Promise<T> {
  const interruption = new Interruption(signal);
  try {
    return await interruption.wait(promise);
  } finally {
    interruption.end();
  }
}

/** Resolves when the promise settles either way, at the latest after `ms`. Never rejects. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, ms, false)));
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A signal that follows another one after a pause, for requests that are better let finish than left in doubt. Time in
 * which this very process stands still does not count.
 */
export function delayed(signal: AbortSignal | undefined, ms: number): Delayed {
  const controller = new AbortController();
  let pause: StallWatch | undefined;
  const follow = () => (pause = new StallWatch(ms, () => controller.abort(signal?.reason)));
  if (signal?.aborted) follow();
  const stop = onAbort(signal, follow);
  return {
    signal: controller.signal,
    end() {
      stop();
      pause?.stop();
    },
  };
}

export interface Delayed {
  signal: AbortSignal;
  end: () => void;
}
