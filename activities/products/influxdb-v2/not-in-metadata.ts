import type { Warning } from '../../../workflows/contract/progress.ts';
import { bounded } from './bounded-warnings.ts';
import { fullName, type Bucket } from './buckets.ts';

/** Buckets of older backups in a directory, which no restore of the metadata brings into being. */
export function tellOlder(buckets: Bucket[]): Warning[] {
  return bounded(
    'BUCKET_NOT_IN_METADATA',
    buckets.filter((bucket) => bucket.notInMetadata).map(fullName),
    (name) =>
      `${name} is in an older backup of the imported directory, and a newer one does not name it any more: a restore of the whole server leaves it out, and \`select\` brings it back.`,
    (more) => `${more} further buckets are in older backups of the imported directory only.`,
  );
}
