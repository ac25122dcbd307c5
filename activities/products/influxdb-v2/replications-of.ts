import { HoldfastError } from '../../failure.ts';
import type { Resources } from './resources.ts';

/** Replications name the bucket that they send by its id, which nothing can change. For people: `replication "spare"`. */
export async function replicationsOf(
  bucket: string,
  orgID: string,
  resources: Resources,
): Promise<string[]> {
  try {
    const found = await resources.replications(orgID);
    return found
      .filter(({ localBucketID }) => localBucketID === bucket)
      .map(({ name }) => `replication "${name}"`);
  } catch (error) {
    // Those that a restore of the whole server brought are not listed until influxd is restarted.
    const unseen = ['TARGET_REFUSED', 'TARGET_ERROR'];
    if (!(error instanceof HoldfastError) || !unseen.includes(error.code)) throw error;
    return ['every replication that the server cannot list now'];
  }
}
