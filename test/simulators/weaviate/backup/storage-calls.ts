import { type Exchange, Refusal } from '../exchange.ts';
import { asCallSees, asJobSees } from '../storage/failing.ts';
import { type Place, StorageFault } from '../storage/storage.ts';

/** The place of a call's backup. */
export function placeOf(
  { world, call, parts }: Exchange,
  bucket: string | undefined,
  path: string | undefined,
  noun: 'backend' | 'provider' = 'backend',
): Place {
  const [backend = ''] = parts;
  const { storage, switches, profile } = world;
  if (backend.replace(/^backup-/, '') !== storage.backend) {
    // The status of a restore has no 422.
    const status = call === 'restoreStatus' || !profile.operationalFaults ? 500 : 422;
    throw new Refusal(
      status,
      `no backup ${noun} "${backend}": backup: ${backend} not found, did you enable the right module?`,
    );
  }
  return asCallSees(storage.place(bucket, path), switches, call);
}

/** The same place for what goes on when the call has been answered. */
export function placeOfJob({ world }: Exchange, bucket?: string, path?: string): Place {
  return asJobSees(world.storage.place(bucket, path), world.switches);
}

/** Reading of a descriptor on the way to something else: its fault is a part of the answer. */
export async function asAnswer<T>(status: number, before: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StorageFault) throw new Refusal(status, before + error.message);
    throw error;
  }
}

/** Writes and removes a probe, as every job does before it begins. */
export async function probe(place: Place, id: string, status: number): Promise<void> {
  const key = `${id}/access-check`;
  const before = `init uploader: failed to access-check s3 backup module: `;
  await asAnswer(status, before, place.put(key, new Uint8Array()));
  await asAnswer(status, before, place.remove(key));
}
