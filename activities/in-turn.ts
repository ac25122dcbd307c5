import { untilAborted } from './pipeline/until-aborted.ts';

let before: Promise<void> = Promise.resolve();

/** Work that takes much memory: one at a time in this process. Whoever waits is let go by the signal. */
export async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const turn = before;
  let leave: (() => void) | undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  before = turn.then(() => left);
  try {
    await untilAborted(turn, signal);
    return await work();
  } finally {
    leave?.();
  }
}
