import type { Activities, BackupJob, PageTotals } from '../../workflows/contract/activities.ts';
import { readArtifacts, readPlan } from '../catalog/plan.ts';
import {
  readPartials,
  readReceipts,
  writePartial,
  writeReceipts,
  type Receipt,
} from '../catalog/receipts.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import type { ArtifactPlan } from '../products/product.ts';
import { streamsPerPage } from '../paging/streams-per-page.ts';
import { withBackedUp } from '../workspace.ts';
import { storing } from './storing.ts';
import { workingAt, type UnderWay } from './under-way.ts';

export function transferPage(deps: Dependencies): Activities['transferPage'] {
  return ({ job, page, streams }) =>
    workingAt(deps, job, async (backup) => {
      const { at, store, folder } = backup;
      const settled = await readReceipts(store, folder, page, at.signal);
      if (settled) return totals(settled);
      const plan = await readPlan(store, folder, at.signal);
      if (!plan) throw planMissing(job);
      const artifacts = await readArtifacts(store, folder, plan, page, at.signal);
      const done = await readPartials(store, folder, page, at.number, at.signal);
      const receipts = () => artifacts.flatMap(({ path }) => done.get(path) ?? []);
      try {
        await transfer(backup, artifacts, done, streams);
      } catch (error) {
        if (!at.signal.aborted) {
          // It only spares the next attempt some reading: its failure must not hide the first.
          const partial = writePartial(store, folder, page, at.number, receipts(), at.signal);
          await partial.catch(() => undefined);
        }
        throw error;
      }
      return totals(await writeReceipts(store, folder, page, receipts(), at.signal));
    });
}

/** @param done of each artifact by its path; what earlier attempts did stands there already */
async function transfer(
  backup: UnderWay,
  artifacts: ArtifactPlan[],
  done: Map<string, Receipt>,
  streams: number | undefined,
): Promise<void> {
  const { at, job } = backup;
  const storeOne = await storing(backup);
  const todo = artifacts.filter(({ path }) => !done.has(path));
  await withBackedUp(at, job, (session) =>
    eachBounded(todo, streamsPerPage(job.snapshot, streams), async (artifact) => {
      const lines = await storeOne(artifact, () => session.backup.open(artifact));
      const { path, subject } = artifact;
      done.set(path, { path, subject, gone: lines.length === 0, lines });
    }),
  );
}

/** Plain bytes, as the manifest counts them. */
function totals(receipts: Receipt[]): PageTotals {
  const lines = receipts.flatMap((receipt) => receipt.lines);
  return {
    artifacts: receipts.length,
    bytes: lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0),
  };
}

function planMissing({ snapshot, backup }: BackupJob): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `The plan of backup ${backup} of ${snapshot.target} vanished from store ${snapshot.store.name} in mid-run.`,
  );
}
