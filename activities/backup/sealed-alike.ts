import { putOnce, readIfThere, toJson } from '../catalog/json.ts';
import { RUN, WORK } from '../catalog/layout.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Store } from '../stores/store.ts';

const OTHERS = `${WORK}other-recipients.json`;

/** For whom this encrypts, however the configuration orders them. */
export function recipientsOf(sealer: Sealer | undefined): string[] {
  return sealer?.fingerprints.toSorted() ?? [];
}

/**
 * Whether all that was ever encrypted in this folder was for the recipients of now. An object does not tell whom it is
 * for, and who held an old identity beside the new one would take over what the new one alone cannot open.
 * @param folder the key prefix of a backup whose `run.json` is written, ending in `/`
 */
export async function sealedAlike(
  store: Store,
  folder: string,
  sealer: Sealer | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const recipients = recipientsOf(sealer);
  if (recipients.length === 0) return true;
  const claim = await readIfThere(store, folder + RUN, signal);
  const first = (claim as { recipients?: string[] } | undefined)?.recipients;
  // From here on there may be objects for both.
  if (first?.join() !== recipients.join()) {
    await putOnce(store, folder + OTHERS, toJson({ recipients }), signal);
    return false;
  }
  return (await store.head(folder + OTHERS, { signal })) === undefined;
}
