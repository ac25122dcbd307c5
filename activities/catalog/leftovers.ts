import { z } from 'zod';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { readIfThere } from './json.ts';
import { backupFolder, DELETING, MANIFEST, RUN, targetFolder, WORK } from './layout.ts';
import { whoNamesObjectsIn } from './named-elsewhere.ts';
import { removeBelow } from './remove-below.ts';
import { isOwnWork, removeOwnWork } from './remove-own-work.ts';

const claimSchema = z.object({
  cluster: z.string(),
  namespace: z.string(),
  workflowId: z.string(),
  runId: z.string(),
});
export type Claim = z.infer<typeof claimSchema>;

/** What lies in a store without being part of a backup: of a run under way, or of one that died. */
export interface Leftover {
  /** A backup that was never committed, or the work of a restore or verification beside a committed one. */
  folder: string;
  objects: number;
  bytes: number;
  /** A backup whose deletion has begun: what is left of it goes by another one, and perhaps nothing is gone yet. */
  condemned?: true;
  /** The backup that its run committed all the same: nothing but what the run kept for itself is left. */
  committed?: string;
  /** Whose run it is; absent when nothing tells, and then nobody may remove it unasked. */
  claim?: Claim;
}

/** Everything of a target that no manifest stands for, or none that counts. */
export async function findLeftovers(
  store: Store,
  target: string,
  signal?: AbortSignal,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const id of await store.folders(targetFolder(target), { signal })) {
    if (!BACKUP_ID.test(id)) continue;
    const folder = backupFolder(target, id);
    // Also where its manifest is gone already: the rest of it goes by another deletion.
    if (await store.head(folder + DELETING, { signal })) {
      found.push({ ...(await measure(store, folder, folder + DELETING, signal)), condemned: true });
      continue;
    }
    if (!(await store.head(folder + MANIFEST, { signal }))) {
      found.push(await measure(store, folder, folder + RUN, signal));
      continue;
    }
    const own = await ownWork(store, folder, signal);
    if (own) found.push(own);
    for (const run of await store.folders(folder + WORK, { signal })) {
      if (own && isOwnWork(`${run}/`)) continue;
      const work = `${folder}${WORK}${run}/`;
      found.push(await measure(store, work, `${work}run.json`, signal));
    }
  }
  return found;
}

/** Of the run that took a backup, and ended before it had tidied up. */
async function ownWork(
  store: Store,
  folder: string,
  signal?: AbortSignal,
): Promise<Leftover | undefined> {
  const work = folder + WORK;
  const claim = claimSchema.safeParse(await readIfThere(store, folder + RUN, signal));
  if (!claim.success) return undefined;
  const own = { folder: work, objects: 0, bytes: 0, committed: folder, claim: claim.data };
  for await (const { key, bytes } of store.list(work, { signal })) {
    if (!isOwnWork(key.slice(work.length))) continue;
    own.objects += 1;
    own.bytes += bytes;
  }
  return own;
}

async function measure(
  store: Store,
  folder: string,
  claimKey: string,
  signal?: AbortSignal,
): Promise<Leftover> {
  const claim = claimSchema.safeParse(await readIfThere(store, claimKey, signal));
  const leftover: Leftover = { folder, objects: 0, bytes: 0 };
  if (claim.success) leftover.claim = claim.data;
  for await (const { bytes } of store.list(folder, { signal })) {
    leftover.objects += 1;
    leftover.bytes += bytes;
  }
  return leftover;
}

export type Verdict =
  | 'condemned'
  | 'condemned-elsewhere'
  | 'removable'
  | 'running'
  | 'imported'
  | 'foreign'
  | 'unclaimed';

/** Only what a closed run of this very Temporal cluster and namespace left may go. */
export async function judge(
  { claim, condemned }: Leftover,
  own: { cluster: string; namespace: string; isClosed(claim: Claim): Promise<boolean> },
): Promise<Verdict> {
  const isOwn = claim?.cluster === own.cluster && claim.namespace === own.namespace;
  if (condemned) {
    // Whether a deletion of another Temporal is at work is not known here.
    if (claim && !isOwn) return 'condemned-elsewhere';
    return claim && !(await own.isClosed(claim)) ? 'running' : 'condemned';
  }
  if (!claim) return 'unclaimed';
  // An import is no run of any Temporal: nobody can tell whether it is still at work.
  if (claim.cluster === '' && claim.workflowId.startsWith('import/')) return 'imported';
  if (!isOwn) return 'foreign';
  return (await own.isClosed(claim)) ? 'removable' : 'running';
}

/**
 * Removes one leftover, with its unfinished uploads. An object that any manifest of the target names stays, wherever
 * it lies; when one manifest cannot be read, nobody knows what it names, and nothing is removed.
 * @throws BACKUP_DAMAGED, BACKUP_FORMAT_NEWER of the manifest that cannot be read
 */
export async function removeLeftover(
  store: Store,
  target: string,
  { folder, committed }: Leftover,
  signal: AbortSignal,
): Promise<void> {
  if (committed !== undefined) return removeOwnWork(store, committed, signal);
  const id = await whoNamesObjectsIn(store, target, folder, signal);
  if (id !== undefined) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${id} of ${target} names objects below ${folder}, which has no manifest; nothing is removed.`,
    );
  }
  await removeBelow(store, folder, signal);
}
