import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  setHandler,
} from '@temporalio/workflow';
import type { LockHolder } from './contract/activities.ts';
import { QUERY, SIGNAL } from './contract/names.ts';

export const releaseSignal = defineSignal(SIGNAL.release);

/**
 * The lock of a target: its workflow id is the lock, and Temporal runs only one workflow of an id. It is a child of
 * the operation that holds it and is closed with it, so it cannot outlive its holder; one that a reset left to nobody is
 * ended by whoever wants it next. It ends when it is released; a cancel sent to it by mistake does not open the door
 * under a running operation.
 */
export async function lock(holder: LockHolder): Promise<LockHolder> {
  let released = false;
  setHandler(releaseSignal, () => {
    released = true;
  });
  setHandler(defineQuery<LockHolder>(QUERY.holder), () => holder);
  await CancellationScope.nonCancellable(() => condition(() => released));
  return holder;
}
