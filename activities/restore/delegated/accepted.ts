import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import { putOnce, readIfThere, toJson } from '../../catalog/json.ts';
import type { Store } from '../../stores/store.ts';
import { workFolder } from '../restore-in-store.ts';

const ACCEPTED = 'accepted.json';

/** A product may refuse for hours before it accepts: that is no part of the time that its job may take. */
export async function noteAccepted(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<void> {
  const now = toJson({ at: new Date().toISOString() });
  await putOnce(store, workFolder(job) + ACCEPTED, now, signal);
}

/**
 * When the product accepted the restore; undefined where it has not, or an older version asked.
 * @param work the folder of the restore's work
 */
export async function acceptedAt(
  store: Store,
  work: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const accepted = (await readIfThere(store, work + ACCEPTED, signal)) as
    { at: string } | undefined;
  return accepted && new Date(accepted.at);
}
