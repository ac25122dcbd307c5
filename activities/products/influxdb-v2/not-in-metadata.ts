import type { Warning } from '../../../workflows/contract/progress.ts';
import { bounded } from './bounded-warnings.ts';
import { fullName, type Bucket } from './buckets.ts';
import type { LeftOut } from './restore-detail.ts';

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

/** What a restore of the whole server had to leave out, found when the server had taken the metadata. */
export function tellLeftOut({ shards, buckets }: LeftOut): Warning[] {
  const why =
    'it came into being while the metadata were sent, or is of an older backup of an imported directory, or somebody removed it since';
  return [
    ...bounded(
      'BUCKET_NOT_IN_METADATA',
      buckets,
      (name) =>
        `${name} is not in the metadata that the server has now, and was left out with its shards: ${why}. \`--bucket\` brings it back.`,
      (more) => `${more} further buckets were left out for the same reasons.`,
    ),
    ...bounded(
      'SHARD_NOT_IN_METADATA',
      shards,
      (name) =>
        `${name} is not in the metadata that the server has now, and was left out: ${why}. A restore of its bucket (\`--bucket\`) brings it back.`,
      (more) => `${more} further shards were left out for the same reasons.`,
    ),
  ];
}
