import type {
  Activities,
  BackupJob,
  PageTotals,
  PlanSummary,
} from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { openNotebook } from '../catalog/notebook.ts';
import { readPlan, writePlan, type BackupPlan } from '../catalog/plan.ts';
import { predecessor } from '../catalog/predecessor.ts';
import type { Dependencies } from '../dependencies.ts';
import { JOB_PATIENCE_MS } from '../jobs/patience.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import { withSpool } from '../spool.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere, sealerOf, throttleOf, withBackedUp, withStore } from '../workspace.ts';
import { measuredAgainst } from './measured-against.ts';

export function captureBackup(deps: Dependencies): Activities['captureBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const folder = backupFolder(job.snapshot.target, job.backup);
        const plan =
          (await readPlan(store, folder, at.signal)) ??
          (await capture(deps, at, job, store, folder));
        return summary(plan, await predecessor(store, job, at.signal));
      }),
    );
}

async function capture(
  deps: Dependencies,
  at: Attempt,
  job: BackupJob,
  store: Store,
  folder: string,
): Promise<BackupPlan> {
  const { snapshot } = job;
  const [sealer, opener, throttle] = [
    await sealerOf(snapshot),
    await openerIfHere(snapshot),
    throttleOf(snapshot),
  ];
  const lines: ObjectLine[] = [];
  const now = new Date();
  const captured = await withSpool(deps, (spool) =>
    withBackedUp(at, job, (session) =>
      session.backup.capture({
        spool,
        startedAt: new Date(job.scheduledAt ?? job.startedAt),
        notes: openNotebook(store, folder, at.signal),
        before: measuredAgainst(store, job, at.signal),
        job: {
          patienceMs: snapshot.timeouts.job ?? JOB_PATIENCE_MS,
          says: (words) => {
            if (words === undefined) delete at.figures.product;
            else at.figures.product = words;
          },
        },
        store: async (artifact, open, options) => {
          const stored = await storeArtifact({
            store,
            folder,
            artifact,
            open,
            adopt: options?.keepSame ? 'same' : false,
            known: options?.known,
            fresh: at.number === 1,
            sealer,
            opener,
            throttle,
            signal: at.signal,
            stallMs: snapshot.timeouts.stall,
            onBytes: (bytes) => {
              at.figures.bytes += bytes;
            },
          });
          at.figures.artifacts += 1;
          lines.push(...stored);
          return stored;
        },
      }),
    ),
  );
  const counted = captured.lines ?? lines;
  const totals = totalsOfLines(counted);
  return writePlan(
    store,
    folder,
    `${at.number}-${Date.now().toString(36)}`,
    {
      artifacts: captured.artifacts.length + totals.artifacts,
      captured: { from: (captured.from ?? now).toISOString(), to: new Date().toISOString() },
      stored: totals,
      lines: counted,
      detail: captured.detail,
      warnings: captured.warnings,
    },
    captured.artifacts,
    at.signal,
  );
}

function totalsOfLines(lines: ObjectLine[]): PageTotals {
  return {
    artifacts: lines.filter(({ part }) => (part?.index ?? 0) === 0).length,
    bytes: lines.reduce((sum, { plain, bytes }) => sum + (plain?.bytes ?? bytes), 0),
  };
}

function summary(plan: BackupPlan, before: Manifest | undefined): PlanSummary {
  return {
    pages: plan.pages,
    artifacts: plan.artifacts,
    ...(before ? { bytes: before.totals.plainBytes } : {}),
    stored: plan.stored,
    warnings: plan.warnings,
  };
}
