import { posix } from 'node:path';
import type { CopyJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { COLLECTED, collectedObjects, type Collected } from '../catalog/collected.ts';
import { backupFolder, DATA, WORK } from '../catalog/layout.ts';
import { whoNamesObjectsIn } from '../catalog/named-elsewhere.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { abortUploadsBelow } from '../catalog/remove-below.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { removeCopyWork } from './copy-work.ts';

/** What the list of a copy and its further attempts begin with. */
const LISTS = COLLECTED.replace('.json', '');

/** What a fault that passes keeps from being removed is tried again as often, by further attempts. */
const TIDYING_ATTEMPTS = 5;

/** The copy is complete, so what it cannot remove is told and does not fail it. */
export async function tidyCopy(
  at: Attempt,
  store: Store,
  job: CopyJob,
  collected: Collected,
): Promise<Warning[]> {
  try {
    await removeRest(store, job, collected, at.signal);
    return [];
  } catch (error) {
    const final = error instanceof HoldfastError && !error.retryable;
    const attempts = Math.min(TIDYING_ATTEMPTS, job.snapshot.timeouts.attempts);
    if (at.signal.aborted || (!final && at.number < attempts)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return [
      {
        code: 'LEFTOVERS',
        message:
          `The copy of backup ${job.backup} of ${job.snapshot.target} is complete, and its plan and receipts could not ` +
          `be removed from store ${store.name}; the same copy, started again, removes them: ${why}`,
      },
    ];
  }
}

/** Plan and receipts of a copy that is done, and what attempts that lost left: data that nothing names. */
async function removeRest(
  store: Store,
  { snapshot, backup }: CopyJob,
  collected: Collected,
  signal: AbortSignal,
): Promise<void> {
  const folder = backupFolder(snapshot.target, backup);
  for (const place of [DATA, LISTS]) await abortUploadsBelow(store, folder + place, signal);
  // Of what the one before it named, other backups may name something, and a restore may be reading it.
  if (!collected.mended) await removeStrays(store, { folder, snapshot, backup }, collected, signal);
  for (const work of await store.folders(folder + WORK, { signal })) {
    if (work.startsWith('copy-')) await removeCopyWork(store, `${folder}${WORK}${work}/`, signal);
  }
}

async function removeStrays(
  store: Store,
  { folder, snapshot, backup }: Pick<CopyJob, 'snapshot' | 'backup'> & { folder: string },
  collected: Collected,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await readManifest(store, snapshot.target, backup, signal);
  const named = new Set([folder + COLLECTED, folder + collected.objects.path]);
  const name = (line: { path: string; from?: string | undefined }) =>
    named.add(posix.join(folder, line.from ?? line.path));
  for await (const line of readObjects(store, manifest, signal)) name(line);
  for await (const line of collectedObjects(store, manifest, collected, signal)) name(line);
  const strays: string[] = [];
  for (const place of [DATA, LISTS]) {
    for await (const { key } of store.list(folder + place, { signal })) {
      if (!named.has(key)) strays.push(key);
    }
  }
  if (strays.length === 0) return;
  // Where this copy takes the place of one that was lost, others still name what that one held.
  if (!(await mayBeNamed(store, snapshot.target, folder, signal))) {
    await store.remove(strays, { signal });
  }
}

async function mayBeNamed(
  store: Store,
  target: string,
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await whoNamesObjectsIn(store, target, folder, signal)) !== undefined;
  } catch (error) {
    // Nobody knows what a backup names that cannot be read; and one may be deleted while it is looked at.
    const codes = ['BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER', 'BACKUP_UNKNOWN'];
    if (error instanceof HoldfastError && codes.includes(error.code)) return true;
    throw error;
  }
}
