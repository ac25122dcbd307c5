import { abortForeignUploadsBelow } from '../../catalog/remove-below.ts';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';

/**
 * Says in the server's storage whose a name is, before it is asked for: what the server tells of a backup does not name
 * who began it, and its clock may differ from ours. Beside the backup's folder, which must be the server's own: on a
 * file system it could not write into one of ours.
 */
function claimKey(name: string): string {
  return `holdfast-claims/${name}.json`;
}

export async function claim(
  storage: Store,
  name: string,
  since: Date,
  signal: AbortSignal,
): Promise<void> {
  try {
    await storage.put(claimKey(name), Buffer.from(`${textOf(since)}\n`), { signal });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_EXISTS') throw error;
    if (await isClaimed(storage, name, since, signal)) return;
    throw new HoldfastError(
      'JOB_NAME_TAKEN',
      `${claimKey(name)} in ${storage.place} says that another run wants to begin a backup of this name.`,
    );
  }
}

/** Also what a worker that died over it has left in a directory. */
export async function unclaim(storage: Store, name: string, signal: AbortSignal): Promise<void> {
  await abortForeignUploadsBelow(storage, claimKey(name), signal);
  await storage.remove([claimKey(name)], { signal });
}

/** Whether the run that began to ask at this time has claimed the name. */
export async function isClaimed(
  storage: Store,
  name: string,
  since: Date,
  signal: AbortSignal,
): Promise<boolean> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of storage.read(claimKey(name), { signal })) chunks.push(chunk);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') return false;
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8').trim() === textOf(since);
}

function textOf(since: Date): string {
  return JSON.stringify({ askedSince: since.toISOString() });
}
