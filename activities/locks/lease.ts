import type { Activities, ReadJob } from '../../workflows/contract/activities.ts';
import { runSuffix, type Operation } from '../../workflows/contract/names.ts';
import { attempt } from '../attempt/attempt.ts';
import { keepLease, removeLease, writeLease } from '../catalog/leases.ts';
import { backupFolder, LEASES, PROOFS, workFolderOf } from '../catalog/layout.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';

export function lease(deps: Dependencies): Activities['lease'] {
  return ({ job, operation }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) => renew(store, job, operation, at.signal)),
    );
}

/** Ends the lease, and removes what the run kept beside the backup. */
export function releaseLease(deps: Dependencies): Activities['releaseLease'] {
  return ({ job, keepWork }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { target } = job.snapshot;
        const { runId } = job.run;
        await abortOwnUploads(store, backupFolder(target, job.backup), runId, at.signal);
        if (!keepWork) await removeBelow(store, workFolderOf(target, job.backup, runId), at.signal);
        await removeLease(store, { target, backup: job.backup, runId }, at.signal);
      }),
    );
}

/** Attempts of this run that died may have begun a lease or a proof; others who read the backup write theirs now. */
async function abortOwnUploads(
  store: Store,
  folder: string,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  for (const place of [folder + LEASES, folder + PROOFS]) {
    for await (const upload of store.openUploads(place, { signal })) {
      const own = upload.key.includes(runId) || upload.key.includes(`-${runSuffix(runId)}-`);
      if (own) await store.abortUpload(upload, { signal });
    }
  }
}

/** Keeps the lease of a long activity alive while it works. */
export async function keepingLease<T>(
  store: Store,
  job: ReadJob,
  operation: Operation,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const again = () => renew(store, job, operation, signal);
  await again();
  return keepLease(again, work);
}

function renew(store: Store, job: ReadJob, operation: Operation, signal: AbortSignal) {
  const { workflowId, runId } = job.run;
  return writeLease(
    store,
    { target: job.snapshot.target, backup: job.backup, runId },
    { operation, workflowId },
    signal,
  );
}
