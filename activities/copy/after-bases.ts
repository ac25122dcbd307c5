import type { CopyJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { readChain } from '../catalog/chain.ts';
import { COLLECTED } from '../catalog/collected.ts';
import { backupFolder } from '../catalog/layout.ts';
import { livingLeases } from '../catalog/leases.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { HoldfastError } from '../failure.ts';
import { keepingLease } from '../locks/lease.ts';
import type { Store } from '../stores/store.ts';

const LOOK_EVERY_MS = 5 * 60_000;

/**
 * Puts a copy off while a backup on which this one rests is being copied. Without those bytes this copy is not whole either,
 * and were they moved once more, the copies of a chain would take the bandwidth from one another, and each would keep a full
 * backup of its own. Between its attempts it takes no place of a worker.
 */
export async function requireAfterBases(
  at: Attempt,
  store: Store,
  job: CopyJob,
  manifest: Manifest,
): Promise<void> {
  const { attempts, retryPause } = job.snapshot.timeouts;
  const bases = (await readChain(store, manifest, at.signal)).slice(1);
  // Rather twice than never.
  if (bases.length === 0 || at.number >= attempts) return;
  await keepingLease(store, job, 'copy', at.signal, async () => {
    for (const { id, target } of bases) {
      const copy = await copyUnderWay(store, { target, backup: id }, at.signal);
      if (!copy) continue;
      throw new HoldfastError(
        'LOCK_HELD',
        `Backup ${job.backup} of ${target} rests on ${id}, which ${copy.workflowId} is copying: its own copy waits for that.`,
        {
          hint: 'It goes on by itself.',
          patience: { tries: Infinity, pauseMs: Math.min(LOOK_EVERY_MS, retryPause) },
        },
      );
    }
  });
}

async function copyUnderWay(
  store: Store,
  base: { target: string; backup: string },
  signal: AbortSignal,
) {
  if (await store.head(backupFolder(base.target, base.backup) + COLLECTED, { signal })) return;
  const leases = await livingLeases(store, base, signal);
  return leases.find(({ operation }) => operation === 'copy');
}
