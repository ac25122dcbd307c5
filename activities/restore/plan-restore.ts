import type { Activities, RestoreJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { anotherServer } from '../catalog/another-server.ts';
import { claimWork } from '../catalog/claimed.ts';
import { doubtOf } from '../catalog/doubt.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { PlannedRestore } from '../products/product.ts';
import { withStore } from '../workspace.ts';
import { backupReader } from './backup-reader.ts';
import { undisturbed } from './delegated/undisturbed.ts';
import { checkObjects } from './check-objects.ts';
import { keepingDamage } from './keeping-damage.ts';
import { lookAndPlan } from './look-and-plan.ts';
import { refuseDamaged } from './refuse-damaged.ts';
import { findRestorePlan, writeRestorePlan } from './restore-in-store.ts';

export function planRestore(deps: Dependencies): Activities['planRestore'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const known = await findRestorePlan(store, job, at.signal);
        if (known) return { plan: known.summary, pages: known.pages };
        const backup = await backupReader(store, job, at.signal, 'plan');
        const planned = await keepingDamage(store, job, backup, at.signal, async () => {
          await checkObjects(store, backup, at.signal);
          return undisturbed(deps, at, store, job, backup.manifest, () =>
            lookAndPlan(deps, at, job, store, backup),
          );
        });
        if (planned.summary.destructive && job.destination.safetyBackup)
          planned.summary.safetyBackup = true;
        requireConfirmation(job, planned);
        await refuseDamaged(store, job, planned, at.signal);
        planned.summary.warnings.unshift(
          ...doubted(backup.manifest, await doubtOf(store, backup.manifest, at.signal)),
          ...(await anotherServer(store, backup.manifest, at.signal)),
        );
        await claimWork(store, job, 'restore', at.signal);
        const { summary, pages } = await writeRestorePlan(
          store,
          job,
          attemptName(at),
          planned,
          at.signal,
        );
        return { plan: summary, pages };
      }),
    );
}

function attemptName(at: Attempt): string {
  return `${at.number}-${Date.now().toString(36)}`;
}

/** Whoever names a backup by its id may have it, but knowing what is known of it. */
function doubted({ id, target }: Manifest, doubt: string | undefined): Warning[] {
  if (doubt === undefined) return [];
  const message = `Backup ${id} of ${target} is not known to be good: ${doubt}.`;
  return [{ code: 'BACKUP_DOUBTFUL', message, subject: id }];
}

function requireConfirmation({ request, destination }: RestoreJob, planned: PlannedRestore): void {
  const { destructive, replaces } = planned.summary;
  if (request.dryRun || (!destructive && replaces.length === 0)) return;
  if (request.confirm === destination.target) return;
  const what = destructive ? `everything at ${destination.target}` : replaces.join(', ');
  throw new HoldfastError(
    'CONFIRM_REQUIRED',
    request.confirm === undefined
      ? `This restore replaces ${what}; it needs \`confirm\` with the name of the destination, "${destination.target}".`
      : `This restore replaces ${what}; \`confirm\` is "${request.confirm}", and the destination is "${destination.target}".`,
  );
}
