import type { ObjectLine } from '../catalog/manifest.ts';
import type { ArtifactPlan, OpenArtifact } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import type { Opener } from './age/opener.ts';
import type { Sealer } from './age/sealer.ts';
import type { Throttle } from './throttle.ts';

/** How one artifact gets into the store. */
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
