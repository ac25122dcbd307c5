import type { Activities, PageTotals, PlanSummary } from '../../workflows/contract/activities.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { openNotebook } from '../catalog/notebook.ts';
import { readPlan, writePlan, type BackupPlan } from '../catalog/plan.ts';
import { predecessor } from '../catalog/predecessor.ts';
import type { Dependencies } from '../dependencies.ts';
import { JOB_PATIENCE_MS } from '../jobs/patience.ts';
import type { Capture, CapturedJob } from '../products/product.ts';
import { withSpool } from '../spool.ts';
import { withBackedUp } from '../workspace.ts';
import { measuredAgainst } from './measured-against.ts';
import { storing } from './storing.ts';
import { workingAt, type UnderWay } from './under-way.ts';

export function captureBackup(deps: Dependencies): Activities['captureBackup'] {
  return (job) =>
    workingAt(deps, job, async (backup) => {
      const { at, store, folder } = backup;
      const plan = (await readPlan(store, folder, at.signal)) ?? (await plannedBy(backup));
      return summary(plan, await predecessor(store, job, at.signal));
    });
}

async function plannedBy(backup: UnderWay): Promise<BackupPlan> {
  const { at, store, folder } = backup;
  const begun = new Date();
  const { artifacts, from = begun, lines, detail, warnings } = await capture(backup);
  const stored = totalsOfLines(lines);
  return writePlan(
    store,
    folder,
    `${at.number}-${Date.now().toString(36)}`,
    {
      artifacts: artifacts.length + stored.artifacts,
      captured: { from: from.toISOString(), to: new Date().toISOString() },
      stored,
      lines,
      detail,
      warnings,
    },
    artifacts,
    at.signal,
  );
}

async function capture(backup: UnderWay): Promise<Capture & { lines: ObjectLine[] }> {
  const { deps, at, job, store, folder } = backup;
  const storeOne = await storing(backup);
  const lines: ObjectLine[] = [];
  const captured = await withSpool(deps, (spool) =>
    withBackedUp(at, job, (session) =>
      session.backup.capture({
        spool,
        startedAt: new Date(job.scheduledAt ?? job.startedAt),
        notes: openNotebook(store, folder, at.signal),
        before: measuredAgainst(backup),
        job: watchedJob(backup),
        store: async (artifact, open, { keepSame = false, known } = {}) => {
          const stored = await storeOne(artifact, open, { adopt: keepSame && 'same', known });
          lines.push(...stored);
          return stored;
        },
      }),
    ),
  );
  return { ...captured, lines: captured.lines ?? lines };
}

function watchedJob({ at, job }: UnderWay): CapturedJob {
  return {
    patienceMs: job.snapshot.timeouts.job ?? JOB_PATIENCE_MS,
    says: (words) => {
      if (words === undefined) delete at.figures.product;
      else at.figures.product = words;
    },
  };
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
