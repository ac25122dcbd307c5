import type { Activities, BackupJob, PageTotals } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
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
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { ArtifactPlan, ProductSession } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { streamsPerPage } from '../paging/streams-per-page.ts';
import { openerIfHere, sealerOf, throttleOf, withBackedUp, withStore } from '../workspace.ts';

export function transferPage(deps: Dependencies): Activities['transferPage'] {
  return ({ job, page, streams }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const folder = backupFolder(job.snapshot.target, job.backup);
        const settled = await readReceipts(store, folder, page, at.signal);
        if (settled) return totals(settled);
        const plan = await readPlan(store, folder, at.signal);
        if (!plan) throw planMissing(job);
        const artifacts = await readArtifacts(store, folder, plan, page, at.signal);
        const known = await readPartials(store, folder, page, at.number, at.signal);
        const receipts = await withBackedUp(at, job, (session) =>
          transfer(at, job, store, folder, session, page, artifacts, known, streams),
        );
        return totals(await writeReceipts(store, folder, page, receipts, at.signal));
      }),
    );
}

async function transfer(
  at: Attempt,
  { snapshot }: BackupJob,
  store: Store,
  folder: string,
  session: ProductSession,
  page: number,
  artifacts: ArtifactPlan[],
  known: Map<string, Receipt>,
  streams: number | undefined,
): Promise<Receipt[]> {
  const [sealer, opener, throttle] = [
    await sealerOf(snapshot),
    await openerIfHere(snapshot),
    throttleOf(snapshot),
  ];
  const receipts: (Receipt | undefined)[] = artifacts.map(({ path }) => known.get(path));
  const todo = [...artifacts.entries()].filter(([index]) => !receipts[index]);
  try {
    await eachBounded(todo, streamsPerPage(snapshot, streams), async ([index, artifact]) => {
      const lines = await storeArtifact({
        store,
        folder,
        artifact,
        open: () => session.backup.open(artifact),
        sealer,
        opener,
        throttle,
        signal: at.signal,
        stallMs: snapshot.timeouts.stall,
        fresh: at.number === 1,
        onBytes: (bytes) => {
          at.figures.bytes += bytes;
        },
      });
      at.figures.artifacts += 1;
      const { path, subject } = artifact;
      receipts[index] = { path, subject, gone: lines.length === 0, lines };
    });
  } catch (error) {
    const done = receipts.filter((receipt) => receipt !== undefined);
    if (!at.signal.aborted) {
      // It only spares the next attempt some reading: its failure must not hide the first.
      await writePartial(store, folder, page, at.number, done, at.signal).catch(() => undefined);
    }
    throw error;
  }
  return receipts.filter((receipt) => receipt !== undefined);
}

/** Plain bytes, as the manifest counts them. */
export function totals(receipts: Receipt[]): PageTotals {
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
