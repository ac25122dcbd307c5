import type { ObjectLine } from '../catalog/manifest.ts';
import { HoldfastError } from '../failure.ts';
import { adoptEarlier, nextAttempt } from './adopt-earlier.ts';
import { sourceHolds } from './source-holds.ts';
import type { StoreArtifactOptions } from './store-artifact-options.ts';
import { writeAttempt } from './write-attempt.ts';

/**
 * How many names one call may find taken. Attempts before it, however many, cost it one, since the listing tells of them;
 * beyond this the store contradicts its own listing.
 */
const MOST_TAKEN = 100;

/**
 * Streams one artifact into the store and returns a line for each object that it became, or `[]` when the source no
 * longer has it. An object appears only if the source ended well and is whole in its format; whatever fails, nothing
 * half appears. What an earlier attempt left is read back, checked fully and adopted; where it is bad, or cannot be
 * read here, another is written under the next attempt's name.
 *
 * Ends within a second of the signal, and holds no more than a few chunks at any time.
 * @throws SOURCE_TRUNCATED, SOURCE_GARBLED, SOURCE_STALLED, ENCRYPTION_UNUSABLE, STORE_*, and what `open` and its body throw
 */
export async function storeArtifact(options: StoreArtifactOptions): Promise<ObjectLine[]> {
  let attempt = options.firstAttempt ?? 1;
  let free = attempt;
  let taken = 0;
  let split = false;
  let look = !options.fresh && options.adopt !== false;
  while (taken < MOST_TAKEN) {
    if (look) {
      const earlier = await adoptEarlier(options);
      if (earlier.lines) {
        const judged = options.adopt === 'same' ? await sourceHolds(options, earlier.lines) : true;
        if (judged === 'gone') return [];
        if (judged) return earlier.lines;
      }
      // A listing may lag behind: a name that was found taken is not tried again.
      attempt = Math.max(earlier.nextAttempt, free);
      look = false;
    }
    const outcome = await writeAttempt(options, attempt, split);
    if (outcome === 'gone') return [];
    if (outcome === 'too long') split = true;
    else if (outcome === 'exists') {
      [taken, free] = [taken + 1, attempt + 1];
      if (options.adopt === false) attempt = Math.max(await nextAttempt(options), free);
      else look = true;
    } else return outcome;
  }
  throw new HoldfastError(
    'OBJECT_EXISTS',
    `Store ${options.store.name} refused ${MOST_TAKEN} names for ${options.artifact.path} in ${options.folder} as taken, and its listing did not tell of them.`,
  );
}
