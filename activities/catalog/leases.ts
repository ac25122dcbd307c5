import { z } from 'zod';
import type { Operation } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { documentsIn, readIfThere, toJson } from './json.ts';
import { backupFolder, DELETING, LEASES } from './layout.ts';

/** A lease is renewed at least this often, and lapses when it was not for twelve times as long. */
export const LEASE_RENEWAL_MS = 5 * 60_000;
const LEASE_MS = 12 * LEASE_RENEWAL_MS;
const LEAVING_MS = 15_000;

export const leaseSchema = z.object({
  operation: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  until: z.string(),
});

export interface Lease {
  target: string;
  backup: string;
  runId: string;
}

export interface LeaseHolder {
  operation: Operation | 'export';
  /** For people; of what is no workflow, where it runs. */
  workflowId: string;
}

/**
 * Says that a run reads the backup, then looks whether somebody is removing it. Whoever removes one writes
 * `deleting.json` first and looks at the leases then: one of the two always sees the other.
 * @throws BACKUP_UNKNOWN
 */
export async function writeLease(
  store: Store,
  { target, backup, runId }: Lease,
  holder: LeaseHolder,
  signal?: AbortSignal,
): Promise<void> {
  const folder = backupFolder(target, backup);
  const until = new Date(Date.now() + LEASE_MS).toISOString();
  const lease: z.infer<typeof leaseSchema> = { ...holder, runId, until };
  await store.overwrite(`${folder}${LEASES}${runId}.json`, toJson(lease), { signal });
  if (await store.head(folder + DELETING, { signal })) {
    await removeLease(store, { target, backup, runId }, signal);
    throw new HoldfastError(
      'BACKUP_UNKNOWN',
      `Backup ${backup} of target ${target} is being removed.`,
    );
  }
}

/** Keeps a lease that was written alive while the work lasts. */
export async function keepLease<T>(renew: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    // One renewal in twelve is enough; the next one tries again.
    renew().catch(() => undefined);
  }, LEASE_RENEWAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Whoever says nothing else is on the way out: it lapses by itself, and a store that is away must not hold them up. */
export async function removeLease(
  store: Store,
  { target, backup, runId }: Lease,
  signal = AbortSignal.timeout(LEAVING_MS),
): Promise<void> {
  await store.remove([`${backupFolder(target, backup)}${LEASES}${runId}.json`], { signal });
}

type LeaseInStore = z.infer<typeof leaseSchema>;

/**
 * The leases of a backup that count: that have not lapsed.
 * @param isAtWork whether the holder of a lapsed one is at work nevertheless
 */
export async function livingLeases(
  store: Store,
  { target, backup }: Omit<Lease, 'runId'>,
  signal?: AbortSignal,
  isAtWork: (holder: LeaseInStore) => Promise<boolean> = () => Promise.resolve(false),
): Promise<LeaseInStore[]> {
  const living: LeaseInStore[] = [];
  for await (const key of documentsIn(store, backupFolder(target, backup) + LEASES, signal)) {
    const lease = leaseSchema.safeParse(await readIfThere(store, key, signal));
    if (lease.success && (!hasLapsed(lease.data) || (await isAtWork(lease.data)))) {
      living.push(lease.data);
    }
  }
  return living;
}

export function hasLapsed({ until }: Pick<LeaseInStore, 'until'>): boolean {
  return Date.parse(until) <= Date.now();
}
