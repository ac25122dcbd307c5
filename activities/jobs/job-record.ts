import type { BackupJob } from '../../workflows/contract/activities.ts';
import { firstOf, putOnce, readIfThere, readJson, toJson } from '../catalog/json.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import type { BackupJobs } from '../products/delegated.ts';
import { compareKeys } from '../stores/keys.ts';
import type { Store } from '../stores/store.ts';

/**
 * What a run has asked of a product, kept in the store before it asks: whoever comes after a dead worker knows every
 * name that may have been used.
 */
export interface JobRecord {
  /** The product's name for it. */
  name: string;
  /** When this run first asked for this name, RFC 3339. */
  since: string;
  /** What the product looked like before. */
  observed: Record<string, unknown>;
}

export interface KeptRecord extends JobRecord {
  /** Where this is not known, only the product can tell whose the name is. */
  begun: boolean;
  /** When the product accepted the name, which may have taken hours; absent also where an older version noted it. */
  accepted?: string | undefined;
}

interface Begun {
  at?: string;
}

/**
 * Whether what the product has under this name is this run's. Another's must neither be stopped nor removed, whenever
 * the run that met it ended.
 */
export async function isOurs(backup: BackupJobs, record: KeptRecord): Promise<boolean> {
  return record.begun || backup.isOurs(record.name, new Date(record.since));
}

/** Below the folder of the backup. */
export const JOBS = `${WORK}jobs/`;
const BEGUN = '.begun';

/** The first round bears the backup's own id; a name that is burnt is never used again. */
export function jobName({ backup }: Pick<BackupJob, 'backup'>, round: number): string {
  return round === 1 ? backup : `${backup}-${round}`;
}

export async function noteJob(
  store: Store,
  job: BackupJob,
  round: number,
  record: JobRecord,
  signal: AbortSignal,
): Promise<JobRecord> {
  return firstOf(store, keyOf(job, round), record, signal);
}

export async function findJob(
  store: Store,
  job: BackupJob,
  round: number,
  signal: AbortSignal,
): Promise<JobRecord | undefined> {
  return (await readIfThere(store, keyOf(job, round), signal)) as JobRecord | undefined;
}

/** @throws BACKUP_INCOMPLETE */
export async function recordOf(
  store: Store,
  job: BackupJob,
  round: number,
  signal: AbortSignal,
): Promise<JobRecord> {
  const record = await findJob(store, job, round, signal);
  if (record) return record;
  throw new HoldfastError(
    'BACKUP_INCOMPLETE',
    `The record of round ${round} of backup ${job.backup} vanished from store ${store.name} in mid-run.`,
  );
}

/** The product has accepted the name from this run: whatever it has under it from now on is this run's. */
export async function noteBegun(
  store: Store,
  job: BackupJob,
  round: number,
  signal: AbortSignal,
): Promise<void> {
  const begun: Begun = { at: new Date().toISOString() };
  await putOnce(store, keyOf(job, round) + BEGUN, toJson(begun), signal);
}

/** As `accepted` of a record. */
export async function acceptedAt(
  store: Store,
  job: BackupJob,
  round: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const begun = await readIfThere(store, keyOf(job, round) + BEGUN, signal);
  return (begun as Begun | undefined)?.at;
}

/** Every round's, the newest first. */
export async function jobsOf(
  store: Store,
  job: BackupJob,
  signal: AbortSignal,
): Promise<KeptRecord[]> {
  return recordsBelow(store, backupFolder(job.snapshot.target, job.backup) + JOBS, signal);
}

export async function recordsBelow(
  store: Store,
  folder: string,
  signal: AbortSignal,
): Promise<KeptRecord[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder, { signal })) keys.push(key);
  const records: KeptRecord[] = [];
  for (const key of keys.sort(compareKeys)) {
    if (key.endsWith(BEGUN)) continue;
    const record = (await readJson(store, key, signal)) as JobRecord;
    const begun = (await readIfThere(store, key + BEGUN, signal)) as Begun | undefined;
    records.push({ ...record, begun: begun !== undefined, accepted: begun?.at });
  }
  return records.toReversed();
}

function keyOf({ snapshot, backup }: BackupJob, round: number): string {
  return `${backupFolder(snapshot.target, backup)}${JOBS}${String(round).padStart(3, '0')}.json`;
}
