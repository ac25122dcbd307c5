import { Context } from '@temporalio/activity';
import type { DeleteJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { readIfThere } from '../catalog/json.ts';
import { backupFolder, DELETING } from '../catalog/layout.ts';
import type { Store } from '../stores/store.ts';

/** A cancel has ended the signal of the attempt by then. */
const TAKING_BACK_MS = 10_000;

/**
 * Of a deletion that has removed nothing: the backup is one again. Whichever attempt of this run wrote `deleting.json`;
 * another run's may have cost objects already: that is never a backup again.
 */
export async function takeBack(
  store: Store,
  { run, snapshot, backup }: DeleteJob,
  at: Attempt,
): Promise<void> {
  // An attempt that was given up must not undo what the one after it builds on.
  if (at.signal.aborted && !Context.current().cancellationDetails?.cancelRequested) return;
  const key = backupFolder(snapshot.target, backup) + DELETING;
  const signal = AbortSignal.timeout(TAKING_BACK_MS);
  const sentence = (await readIfThere(store, key, signal)) as { runId?: unknown } | undefined;
  if (sentence?.runId === run.runId) await store.remove([key], { signal });
}
