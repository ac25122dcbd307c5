import { posix } from 'node:path';
import type { Activities, CopyJob } from '../../workflows/contract/activities.ts';
import type { CopyReport } from '../../workflows/contract/operations.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { checkPresence } from '../backup/check-presence.ts';
import {
  COLLECTED,
  COLLECTED_FORMAT,
  COLLECTED_OBJECTS,
  type Collected,
  type CollectedLine,
} from '../catalog/collected.ts';
import { putOnce, toJson } from '../catalog/json.ts';
import { backupFolder } from '../catalog/layout.ts';
import { withDigest } from '../catalog/manifest-digest.ts';
import { writeList } from '../catalog/object-list.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { keepingLease } from '../locks/lease.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Store } from '../stores/store.ts';
import { isOneFailureDomain } from '../stores/failure-domain.ts';
import { sealerOf, storageOf, withStore } from '../workspace.ts';
import { CopyWork, type CopyReceipt } from './copy-work.ts';
import { copyMark, currentCopy } from './current-copy.ts';
import { finishedCopy } from './finished-copy.ts';
import { tidyCopy } from './tidy-copy.ts';

/** Before `collected.json` appears: every object has a receipt, and its bytes lie in the store with their size. */
export function commitCopy(deps: Dependencies): Activities['commitCopy'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) =>
        keepingLease(store, job, 'copy', at.signal, async () => {
          const work = new CopyWork(store, job, await sealerOf(job.snapshot), at.signal);
          const find = () => finishedCopy(store, job, work, at.signal);
          let collected = await find();
          if (!collected) {
            const failed = await commit(deps, at, store, job).catch((error: unknown) => error);
            // Whoever wrote it: what the store holds now counts. Some stores let two writers through at once, and
            // another copy of the same backup that came to its end has removed plan and receipts.
            collected = await find();
            if (!collected) {
              if (isGone(failed, at, job)) await work.forget();
              throw failed ?? lost(store, job);
            }
          }
          const untidy = await tidyCopy(at, store, job, collected);
          return reportOf(collected, job, untidy);
        }),
      ),
    );
}

async function commit(deps: Dependencies, at: Attempt, store: Store, job: CopyJob): Promise<void> {
  const { signal } = at;
  const folder = backupFolder(job.snapshot.target, job.backup);
  const sealer = await sealerOf(job.snapshot);
  const work = new CopyWork(store, job, sealer, signal);
  const receipts = await collectReceipts(work, job);
  const lines = receipts.flatMap((receipt) => receipt.lines);
  const own = lines.filter(({ from }) => from === undefined);
  await checkPresence(store, folder, own, signal);
  await checkEarlier(store, folder, lines, signal);
  const about = { target: job.snapshot.target, id: job.backup };
  const mends = (await work.plan())?.mends;
  const current = mends === undefined ? undefined : await currentCopy(store, about, signal);
  const collected: Collected = {
    format: COLLECTED_FORMAT,
    holdfast: deps.version,
    completed: new Date().toISOString(),
    run: { workflowId: job.run.workflowId, runId: job.run.runId },
    ...(mends === undefined ? {} : { mended: true }),
    ...((await isOneFailureDomain(storageOf(job.snapshot), job.snapshot.store))
      ? { sameFailureDomain: true }
      : {}),
    method: methodOf(receipts, current?.collected),
    totals: {
      artifacts: receipts.length,
      objects: lines.length,
      storedBytes: sum(lines),
      plainBytes: sum(lines.map((line) => line.plain ?? line)),
      newBytes: sum(own),
    },
    encryption: encryptionOf(sealer),
    objects: await writeList(store, folder, COLLECTED_OBJECTS, lines, signal),
  };
  const bytes = toJson(withDigest(collected));
  if (mends === undefined) await putOnce(store, folder + COLLECTED, bytes, signal);
  else if (mends === (await copyMark(store, about, signal))) {
    await store.overwrite(folder + COLLECTED, bytes, { signal });
  }
}

/** @throws BACKUP_INCOMPLETE when a planned object has no receipt */
async function collectReceipts(work: CopyWork, job: CopyJob): Promise<CopyReceipt[]> {
  const plan = await work.plan();
  if (!plan) throw incomplete(job, 'the plan of its copy is missing');
  const all: CopyReceipt[] = [];
  for (const page of plan.pages.keys()) {
    const items = await work.items(plan, page);
    const done = new Map((await work.receipts(page))?.map((receipt) => [receipt.key, receipt]));
    for (const { object } of items) {
      const receipt = done.get(object.key);
      if (!receipt) throw incomplete(job, `${object.key} has no receipt`);
      all.push(receipt);
    }
  }
  return all;
}

/** What an earlier backup holds is still there. */
async function checkEarlier(
  store: Store,
  folder: string,
  lines: CollectedLine[],
  signal: AbortSignal,
): Promise<void> {
  await eachBounded(lines, 16, async ({ from, bytes }) => {
    if (from === undefined) return;
    const key = posix.join(folder, from);
    const there = await store.head(key, { signal });
    if (there?.bytes === bytes) return;
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${key} in store ${store.name}, which an earlier copy wrote, ${there ? 'has another length' : 'is gone'}.`,
    );
  });
}

/** @param mended the copy that this one replaces, of which it keeps what is sound */
function methodOf(receipts: CopyReceipt[], mended: Collected | undefined): Collected['method'] {
  const how = receipts.map((receipt) => receipt.how).filter((each) => each !== 'earlier');
  const moved = new Set<Collected['method']>(mended ? [mended.method, ...how] : how);
  if (moved.size > 1 || moved.has('mixed')) return 'mixed';
  return moved.has('server-side') ? 'server-side' : 'streamed';
}

function encryptionOf(sealer: Sealer | undefined): Collected['encryption'] {
  return sealer ? { scheme: 'age-v1', recipients: sealer.fingerprints } : null;
}

function reportOf({ totals, method }: Collected, job: CopyJob, warnings: Warning[]): CopyReport {
  return {
    backup: job.backup,
    target: job.snapshot.target,
    store: job.snapshot.store.name,
    objects: totals.artifacts,
    storedBytes: totals.storedBytes,
    method,
    durationMs: Date.now() - Date.parse(job.startedAt),
    warnings: [...job.warnings, ...warnings],
  };
}

function sum(things: { bytes: number }[]): number {
  return things.reduce((total, { bytes }) => total + bytes, 0);
}

/** Plan and receipts name what is there no more: with them no copy of this backup would ever come to its end. */
function isGone(error: unknown, at: Attempt, { snapshot }: CopyJob): boolean {
  const codes = ['BACKUP_DAMAGED', 'BACKUP_INCOMPLETE'];
  if (!(error instanceof HoldfastError) || !codes.includes(error.code)) return false;
  // What is not believed yet is looked for again by the next attempt, which needs them.
  const isBelieved = at.timesWith(error) >= (error.patience?.tries ?? 1);
  return isBelieved || at.number >= snapshot.timeouts.attempts;
}

function incomplete({ backup, snapshot }: CopyJob, what: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `The copy of backup ${backup} of ${snapshot.target} is not complete: ${what}.`,
    { hint: 'Start the copy again: `holdfast copy`.' },
  );
}

function lost(store: Store, { backup, snapshot }: CopyJob): HoldfastError {
  return new HoldfastError(
    'STORE_ERROR',
    `Store ${store.name} took ${COLLECTED} of backup ${backup} of ${snapshot.target} and does not have it.`,
  );
}
