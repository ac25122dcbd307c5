import type { Activities, RestoreJob, Undone } from '../../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { untilQuiet } from '../../jobs/until-quiet.ts';
import type { PlannedJob, RestoreJobs } from '../../products/delegated.ts';
import { withDelegatedDestination, withStore } from '../../workspace.ts';
import { begunAt, readRestorePlan, readState, workFolder } from '../restore-in-store.ts';
import { plannedJob, stagingOf } from './plan-delegated.ts';
import type { Staging } from './plan-staging.ts';
import { withAsked } from './request-notes.ts';
import { unstage } from './unstage.ts';

/** A restore that the product never heard of leaves nothing but what was put back for it. */
export function stopRestoreJob(deps: Dependencies): Activities['stopRestoreJob'] {
  return ({ job, keep }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const stored = await readRestorePlan(store, job, at.signal);
        const plan = () => withAsked(store, workFolder(job), plannedJob(stored), at.signal);
        const state = await readState(store, job, at.signal);
        const begun = await begunAt(store, job, at.signal);
        return withDelegatedDestination(deps, at, job, async ({ restore }, storage) => {
          const undone = begun
            ? await stopAndUndo(at, job, { keep, restore, state, plan })
            : { removed: [], quarantined: [] };
          const staging = stagingOf(stored);
          // What the product may still be reading stays where it is.
          if (undone.unknown !== undefined) return toldOf(undone, storage.place, staging);
          await unstage(storage, staging, at.signal);
          return undone;
        });
      }),
    );
}

function toldOf(undone: Undone, place: string, { ours }: Staging): Undone {
  if (ours.length === 0) return undone;
  const stays = `What was put back for it stays in ${place}, below ${ours.join(', ')}: remove it when this is settled.`;
  return { ...undone, unknown: `${undone.unknown} ${stays}` };
}

interface Stopping {
  keep: boolean;
  restore: RestoreJobs;
  state: Record<string, unknown> | undefined;
  /** Read anew each time: an attempt that was given up may have asked until a moment ago. */
  plan: () => Promise<PlannedJob>;
}

async function stopAndUndo(
  at: Attempt,
  { destination }: RestoreJob,
  { keep, restore, state, plan }: Stopping,
): Promise<Undone> {
  const end = await untilQuiet(at, {
    poll: async () => restore.poll(await plan(), state ?? {}),
    cancel: async () => restore.cancel(await plan(), state),
    pauseMs: (elapsedMs) => restore.pauseMs(elapsedMs),
    // It may have been asked for until a moment ago, however long ago that began.
    askedAt: new Date(),
    patienceMs: destination.timeouts.stall,
  });
  const stopped = await plan();
  if (end.state !== 'running') return restore.undo(stopped, state, keep);
  return {
    removed: [],
    quarantined: [],
    unknown:
      `${destination.target} still says ${end.words} of its restore of ${stopped.name} after it was told to stop: wait ` +
      'until it has ended, then look at what is there.',
  };
}
