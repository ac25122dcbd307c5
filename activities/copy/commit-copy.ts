import { posix } from 'node:path';
import type { Activities, CopyJob } from '../../workflows/contract/activities.ts';
import type { CopyReport } from '../../workflows/contract/operations.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt, type Attempt } from '../attempt.ts';
import { checkPresence } from '../backup/check-presence.ts';
import {
  COLLECTED,
  COLLECTED_FORMAT,
  COLLECTED_OBJECTS,
  readCollected,
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
import { keepingLease } from '../lease.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Store } from '../stores/store.ts';
import { isOneFailureDomain } from '../stores/failure-domain.ts';
import { sealerOf, storageOf, withStore } from '../workspace.ts';
import { CopyWork, type CopyReceipt } from './copy-work.ts';
import { tidyCopy } from './tidy-copy.ts';

/** Before `collected.json` appears: every object has a receipt, and its bytes lie in the store with their size. */
export function commitCopy(deps: Dependencies): Activities['commitCopy'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) =>
        keepingLease(store, job, 'copy', at.signal, async () => {
          const { target } = job.snapshot;
          const find = () => readCollected(store, target, job.backup, at.signal);
          let collected = await find();
          if (!collected) {
            const failed = await commit(deps, at, store, job).catch((error: unknown) => error);
            // Whoever wrote it: what the store holds now counts. Some stores let two writers through at once, and
            // another copy of the same backup that came to its end has removed plan and receipts.
            collected = await find();
            if (!collected) throw failed ?? lost(store, job);
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
  const receipts = await collectReceipts(new CopyWork(store, job, sealer, signal), job);
  const lines = receipts.flatMap((receipt) => receipt.lines);
  const own = lines.filter(({ from }) => from === undefined);
  await checkPresence(store, folder, own, signal);
  await checkEarlier(store, folder, lines, signal);
  const collected: Collected = {
    format: COLLECTED_FORMAT,
    holdfast: deps.version,
    completed: new Date().toISOString(),
    run: { workflowId: job.run.workflowId, runId: job.run.runId },
    ...((await isOneFailureDomain(storageOf(job.snapshot), job.snapshot.store))
      ? { sameFailureDomain: true }
      : {}),
    method: methodOf(receipts),
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
  await putOnce(store, folder + COLLECTED, toJson(withDigest(collected)), signal);
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

function methodOf(receipts: CopyReceipt[]): Collected['method'] {
  const moved = new Set(receipts.map(({ how }) => how).filter((how) => how !== 'earlier'));
  if (moved.size > 1) return 'mixed';
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
