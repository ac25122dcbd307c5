import type { Manifest } from '../../catalog/manifest.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { bounded } from './bounded-warnings.ts';
import { fullName, isSystem, type Bucket } from './buckets.ts';

const CODE = 'BUCKET_EARLIER';

/** Buckets whose data are of an older backup of an imported directory than all the rest. */
export function tellEarlier(older: Map<Bucket, Date>): Warning[] {
  const times = new Map(
    [...older]
      .filter(([bucket]) => !isSystem(bucket))
      .map(([bucket, time]) => [fullName(bucket), time.toISOString().replace('.000', '')]),
  );
  return bounded(
    CODE,
    [...times.keys()],
    (name) =>
      `${name} is as it was at ${times.get(name)}: of the backups in the imported directory, newer ones do not hold it.`,
    (more) => `${more} further buckets are of older backups of the imported directory, too.`,
  );
}

/** What the plan of a restore says of them. */
export function earlierIn({ warnings }: Manifest, chosen: Bucket[]): Warning[] {
  const names = new Set(chosen.map(fullName));
  return warnings.filter(
    ({ code, subject }) => code === CODE && (subject === undefined || names.has(subject)),
  );
}
