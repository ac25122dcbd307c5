import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { ArtifactPlan, OpenArtifact } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { adoptEarlier, nextAttempt } from './adopt-earlier.ts';
import type { Opener } from './age/opener.ts';
import type { Sealer } from './age/sealer.ts';
import { sourceHolds } from './source-holds.ts';
import type { Throttle } from './throttle.ts';
import { writeAttempt } from './write-attempt.ts';

export interface StoreArtifactOptions {
  store: Store;
  /** The key prefix of the backup, ending in `/`. */
  folder: string;
  artifact: ArtifactPlan;
  /**
   * Opens the source, perhaps more than once: a stream that proves too long for one object begins again. Its chunks
   * must not be changed once they are handed out.
   */
  open: () => Promise<OpenArtifact | 'gone'>;
  /** Present: everything is encrypted. */
  sealer?: Sealer | undefined;
  /** Present: what an earlier attempt encrypted can be checked, instead of being taken again. */
  opener?: Opener | undefined;
  signal: AbortSignal;
  /** Called with each chunk's length, and with a negative one for bytes that had to be given up. */
  onBytes?: ((plainBytes: number) => void) | undefined;
  throttle?: Throttle | undefined;
  /** How long the source may keep silent; without it, only the signal ends a silence. */
  stallMs?: number | undefined;
  /**
   * Nobody has tried this artifact before: spares the look for an earlier attempt's objects. A wrong claim costs
   * time, never safety.
   */
  fresh?: boolean | undefined;
  /**
   * False: what an earlier attempt left is not of this moment (a snapshot that must match others), so it is never
   * adopted and the next free name is taken. `same`: it is adopted when the source, read once more to its end, has the
   * very same bytes.
   */
  adopt?: boolean | 'same' | undefined;
  /** Default: 1. Names of attempts before it are not used, also where they are free. */
  firstAttempt?: number | undefined;
  /**
   * What an earlier attempt recorded that it stored. Where its objects are there with their sizes, its hashes count and
   * nothing is read back.
   */
  known?: ObjectLine[] | undefined;
}

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
