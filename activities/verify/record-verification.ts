import type { Activities, VerifyJob } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { knownDamage } from '../catalog/known-damage.ts';
import { backupFolder } from '../catalog/layout.ts';
import { recordFound } from '../catalog/record-found.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { keyOf } from './check-quick.ts';
import { notedDamaged } from './damaged-objects.ts';
import { readVerifyItems } from './verify-pages.ts';

export function recordVerification(deps: Dependencies): Activities['recordVerification'] {
  return ({ job, totals, unfinished }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const keys = await notedDamaged(store, job, at.signal);
        const ok = totals.findingsCount === 0;
        const unread = ok ? await unreadDamage(store, job, at.signal) : [];
        const details = {
          ok,
          ...totals,
          ...(unread.length > 0 ? { unread } : {}),
          ...(unfinished ? { unfinished } : {}),
        };
        const found = { operation: 'verify', depth: job.depth } as const;
        await recordFound(store, job, found, keys, details, at.signal);
      }),
    );
}

/** What was found damaged in the backup's folder before, and is none of what this run looked at. */
async function unreadDamage(store: Store, job: VerifyJob, signal: AbortSignal): Promise<string[]> {
  const { target } = job.snapshot;
  const known = await knownDamage(store, target, job.backup, signal);
  if (known.size === 0) return [];
  const folder = backupFolder(target, job.backup);
  for await (const item of readVerifyItems(store, job, signal)) {
    for (const line of Array.isArray(item) ? item : []) {
      const key = keyOf(folder, line);
      if (typeof key === 'string' && key.startsWith(folder)) known.delete(key.slice(folder.length));
    }
  }
  return [...known.keys()];
}
