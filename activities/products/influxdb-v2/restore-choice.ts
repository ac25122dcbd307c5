import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import { HoldfastError } from '../../failure.ts';
import {
  fullName,
  isBucket,
  isOrganisation,
  isSelected,
  isSystem,
  type Bucket,
} from './buckets.ts';

export interface ChosenBucket {
  bucket: Bucket;
  organisation: string;
  name: string;
}

/** A restore of the whole server says nothing that would be about a part of it. */
export function isWholeServer({ select, rename, onConflict }: RestoreRequest): boolean {
  return select === undefined && rename === undefined && onConflict === undefined;
}

/**
 * The buckets that a request names, under the names that it gives them.
 * @throws INPUT_INVALID, SELECTION_EMPTY
 */
export function chooseBuckets(buckets: Bucket[], request: RestoreRequest): ChosenBucket[] {
  const { select, rename = {} } = request;
  refuseForeignKeys(request);
  const user = buckets.filter((bucket) => !isSystem(bucket));
  requireKnown(user, select?.organisations, 'organisation', isOrganisation);
  const within = user.filter((bucket) =>
    isSelected(bucket, { organisations: select?.organisations }),
  );
  requireKnown(within, select?.buckets, 'bucket', isBucket, select?.organisations && SELECTED);
  const selected = within.filter((bucket) => isSelected(bucket, select));
  if (selected.length === 0) {
    throw new HoldfastError('SELECTION_EMPTY', 'The selection matches no bucket of the backup.');
  }
  for (const old of Object.keys(rename)) {
    if (selected.some((bucket) => renames(old, bucket) !== undefined)) continue;
    throw new HoldfastError(
      'INPUT_INVALID',
      `\`rename\` names "${old}", which is neither a bucket that is restored nor an organisation written as "name/".`,
    );
  }
  const chosen = selected.map((bucket) => renamed(bucket, rename));
  requireDistinct(chosen);
  return chosen;
}

function renamed(bucket: Bucket, rename: Record<string, string>): ChosenBucket {
  let organisation = bucket.organizationName;
  let name = bucket.bucketName;
  for (const [old, wanted] of Object.entries(rename)) {
    const what = renames(old, bucket);
    const plain = what === 'organisation' ? wanted.replace(/\/$/, '') : wanted;
    if (what !== undefined && (plain === '' || (what === 'bucket' && /^_|"/.test(plain)))) {
      throw new HoldfastError(
        'INPUT_INVALID',
        `\`rename\` gives "${old}" the name "${wanted}", which InfluxDB does not allow.`,
      );
    }
    if (what === 'organisation') organisation = plain;
    if (what === 'bucket') name = plain;
  }
  return { bucket, organisation, name };
}

/** `telemetry` and `acme/telemetry` rename a bucket, `acme/` an organisation. */
function renames(old: string, bucket: Bucket): 'bucket' | 'organisation' | undefined {
  if (old === bucket.bucketName || old === fullName(bucket)) return 'bucket';
  return old === `${bucket.organizationName}/` ? 'organisation' : undefined;
}

function refuseForeignKeys({ select }: RestoreRequest): void {
  for (const key of ['databases', 'retentionPolicies', 'classes'] as const) {
    if (select?.[key] === undefined) continue;
    throw new HoldfastError(
      'INPUT_INVALID',
      `\`select.${key}\` means nothing to influxdb-v2, which has organisations and buckets.`,
    );
  }
}

/** Where a name was looked for: parts of a sentence. */
const WHOLE = { where: '', hold: 'it holds' };
const SELECTED = { where: ' in the organisations that are selected', hold: 'they hold' };

function requireKnown(
  buckets: Bucket[],
  wanted: string[] | undefined,
  what: string,
  matches: (bucket: Bucket, name: string) => boolean,
  { where, hold } = WHOLE,
): void {
  for (const name of wanted ?? []) {
    if (buckets.some((bucket) => matches(bucket, name))) continue;
    const system = name.startsWith('_') || name.includes('/_');
    throw new HoldfastError(
      'SELECTION_EMPTY',
      system
        ? `The bucket "${name}" is the server's own, and comes back only with the whole server.`
        : `The backup holds no ${what} "${name}"${where}; ${hold} ${some(buckets.map(fullName))}.`,
    );
  }
}

function requireDistinct(chosen: ChosenBucket[]): void {
  const seen = new Map<string, string>();
  for (const { bucket, organisation, name } of chosen) {
    const key = `${organisation}/${name}`;
    const other = seen.get(key);
    if (other !== undefined) {
      throw new HoldfastError(
        'INPUT_INVALID',
        `${other} and ${fullName(bucket)} would both be restored as ${key}; select one of them, or give them different names with \`rename\`.`,
      );
    }
    seen.set(key, fullName(bucket));
  }
}

function some(names: string[]): string {
  const told = names.slice(0, 10).join(', ') || 'none';
  return names.length > 10 ? `${told} and ${names.length - 10} more` : told;
}
