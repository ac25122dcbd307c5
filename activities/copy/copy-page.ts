import type { Activities, CopyJob, PageTotals } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { keepingLease } from '../locks/lease.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere, sealerOf, throttleOf, withStorage, withStore } from '../workspace.ts';
import { copyByStore, copyThroughHere, type Copying } from './copy-object.ts';
import { CopyWork, type CopyItem, type CopyReceipt } from './copy-work.ts';
import { finishedCopy } from './finished-copy.ts';
import { Journal } from './journal.ts';
import { byStore, throughHere } from './objects-at-a-time.ts';

export function copyPage(deps: Dependencies): Activities['copyPage'] {
  return ({ job, page }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) =>
        keepingLease(store, job, 'copy', at.signal, async () => {
          try {
            return await copy(deps, at, store, job, page);
          } catch (error) {
            // Another copy of the same backup may have come to its end, and removed what this one works with.
            const work = new CopyWork(store, job, await sealerOf(job.snapshot), at.signal);
            if (!(await finishedCopy(store, job, work, at.signal))) throw error;
            return { artifacts: 0, bytes: 0 };
          }
        }),
      ),
    );
}

async function copy(
  deps: Dependencies,
  at: Attempt,
  store: Store,
  job: CopyJob,
  page: number,
): Promise<PageTotals> {
  const { snapshot, backup } = job;
  const sealer = await sealerOf(snapshot);
  const work = new CopyWork(store, job, sealer, at.signal);
  const settled = await work.receipts(page);
  if (settled) return totals(settled);
  const plan = await work.plan();
  if (!plan) throw planMissing(store, job);
  const items = await work.items(plan, page);
  const known = await work.partials(page);
  const receipts = await withStorage(deps, snapshot, async (storage) => {
    const copying: Copying = {
      at,
      storage,
      store,
      folder: backupFolder(snapshot.target, backup),
      backup,
      sealer,
      opener: await openerIfHere(snapshot),
      throttle: throttleOf(snapshot),
      stallMs: snapshot.timeouts.stall,
      fresh: at.number === 1 && plan.runId === job.run.runId && !plan.mends && !plan.again,
    };
    const journal = new Journal((part, done) => work.writePartial(page, at.number, part, done));
    return copyItems(copying, items, known, journal, snapshot.limits.concurrency);
  });
  return totals(await work.writeReceipts(page, receipts));
}

async function copyItems(
  copying: Copying,
  items: CopyItem[],
  known: Map<string, CopyReceipt>,
  journal: Journal,
  concurrency: number,
): Promise<CopyReceipt[]> {
  const receipts = items.map(({ object: { key }, earlier }) =>
    earlier ? ({ key, lines: earlier, how: 'earlier' } as const) : known.get(key),
  );
  const todo = [...items.entries()].filter(([index]) => !receipts[index]);
  copying.at.figures.artifacts += items.length - todo.length;
  const settle = async (index: number, receipt: CopyReceipt) => {
    receipts[index] = receipt;
    copying.at.figures.artifacts += 1;
    await journal.note(receipt);
  };
  const passing: typeof todo = [];
  try {
    await eachBounded(todo, byStore(concurrency), async ([index, item]) => {
      const receipt = await copyByStore(copying, item.object, item.attempt);
      if (receipt) await settle(index, receipt);
      else passing.push([index, item]);
    });
    const sizes = passing.map(([, { object }]) => object.bytes);
    await eachBounded(passing, throughHere(sizes, concurrency), async ([index, item]) => {
      await settle(index, await copyThroughHere(copying, item.object, item.attempt));
    });
  } catch (error) {
    if (!copying.at.signal.aborted) await journal.flush();
    throw error;
  }
  return receipts.filter((receipt) => receipt !== undefined);
}

function totals(receipts: CopyReceipt[]): PageTotals {
  const moved = receipts.filter(({ how }) => how !== 'earlier').flatMap(({ lines }) => lines);
  return {
    artifacts: receipts.length,
    bytes: moved.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0),
  };
}

function planMissing(store: Store, { snapshot, backup }: CopyJob): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `The plan of the copy of ${backup} of ${snapshot.target} vanished from store ${store.name} in mid-run.`,
    { hint: 'Start the copy again: `holdfast copy`.' },
  );
}
