import type { RestoreJob } from '../../workflows/contract/activities.ts';
import { putOnce, readIfThere, toJson } from '../catalog/json.ts';
import type { Store } from '../stores/store.ts';
import { overtaken } from './overtaken.ts';
import { readState, workFolder } from './restore-in-store.ts';

/**
 * An attempt to prepare that was given up may go on for a while beside its successor, and what it takes away may be what
 * that one has restored. So each leaves its mark in the store before it begins, and looks for later ones before it takes
 * anything away.
 * @param attempt of the activity, from 1: whoever resets the activity in the Temporal UI has it count from 1 again
 * @returns the number by which it goes here, higher than that of any other before it
 */
export async function announceAttempt(
  store: Store,
  job: RestoreJob,
  attempt: number,
  signal: AbortSignal,
): Promise<number> {
  for (let number = attempt; ; number += 1) {
    for await (const mark of marks(store, job, signal)) number = Math.max(number, mark + 1);
    if (await putOnce(store, `${attempts(job)}${number}.json`, toJson({}), signal)) return number;
  }
}

/** @throws WORKER_SHUTDOWN when a later attempt has begun, or an earlier one has ended well */
export async function requireNewest(
  store: Store,
  job: RestoreJob,
  number: number,
  signal: AbortSignal,
): Promise<void> {
  if (await readState(store, job, signal)) throw overtaken();
  for await (const mark of marks(store, job, signal)) if (mark > number) throw overtaken();
}

async function* marks(store: Store, job: RestoreJob, signal: AbortSignal): AsyncGenerator<number> {
  const folder = attempts(job);
  for await (const { key } of store.list(folder, { signal })) {
    const number = Number.parseInt(key.slice(folder.length));
    if (number > 0) yield number;
  }
}

/**
 * Called right before something is taken away that was there; notes it for the undoing.
 * @returns whether it was noted before
 * @throws WORKER_SHUTDOWN when that is another attempt's work now
 */
export async function noteTakingAway(
  store: Store,
  job: RestoreJob,
  number: number,
  signal: AbortSignal,
): Promise<boolean> {
  await requireNewest(store, job, number, signal);
  return !(await putOnce(store, takingAway(job), toJson({}), signal));
}

/** Whether this restore may have taken away what was there. */
export async function hasTakenAway(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<boolean> {
  return (await readIfThere(store, takingAway(job), signal)) !== undefined;
}

function attempts(job: RestoreJob): string {
  return `${workFolder(job)}preparing/`;
}

function takingAway(job: RestoreJob): string {
  return `${workFolder(job)}taking-away.json`;
}
