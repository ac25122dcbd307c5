import type { Activities, RestoreTotals } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { keepingLease } from '../locks/lease.ts';
import type { BackupReader, Proof, RestoreSink, RestoreStep } from '../products/product.ts';
import type { Throttle } from '../pipeline/throttle.ts';
import { withSpool } from '../spool.ts';
import { streamsPerPage } from '../paging/streams-per-page.ts';
import { throttleOf, withDestination, withStore } from '../workspace.ts';
import { backupReader } from './backup-reader.ts';
import { keepingDamage } from './keeping-damage.ts';
import { readState, readSteps } from './restore-in-store.ts';

const NAMED_FAILURES = 20;

export function restorePage(deps: Dependencies): Activities['restorePage'] {
  return ({ job, page, streams }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const state = await readState(store, job, at.signal);
        if (!state) {
          throw new HoldfastError(
            'OBJECT_MISSING',
            `The state of this restore vanished from store ${store.name} in mid-run.`,
          );
        }
        const steps = await readSteps(store, job, page, at.signal);
        const backup = await backupReader(store, job, at.signal);
        const throttle = throttleOf(job.destination);
        const totals: RestoreTotals = {
          artifacts: 0,
          bytes: 0,
          identical: 0,
          equivalent: 0,
          failed: { subjects: [], count: 0 },
        };
        const restore = () =>
          withSpool(deps, (spool) =>
            withDestination(at, job, (session) =>
              eachBounded(steps, streamsPerPage(job.destination, streams), async (step, index) => {
                if (session.restore.leavesOut?.(step, state)) {
                  totals.artifacts += 1;
                  at.figures.artifacts += 1;
                  return;
                }
                const restoring = { state, backup, spool, throttle };
                const proof = await restoreStep(at, session.restore, { step, index }, restoring);
                count(totals, step, proof);
                at.figures.artifacts += 1;
              }),
            ),
          );
        await keepingLease(store, job, 'restore', at.signal, () =>
          keepingDamage(store, job, backup, at.signal, restore),
        );
        return totals;
      }),
    );
}

interface Restoring {
  state: Record<string, unknown>;
  backup: BackupReader;
  /** A folder for what is too large for memory. */
  spool: string;
  throttle: Throttle | undefined;
}

/** Restores one artifact and proves it; one that came back different is restored once more. */
async function restoreStep(
  at: Attempt,
  sink: RestoreSink,
  { step, index }: { step: RestoreStep; index: number },
  { state, backup, spool, throttle }: Restoring,
): Promise<Proof> {
  const original = () => backup.open(step.lines, { decompress: true });
  const prove = () => sink.prove(step, state, original, spool);
  // A later attempt of the activity finds much of its work done. Its number may be 1 again, when a person reset it.
  const later = at.number > 1 || at.done.size > 0;
  const mayLook = at.done.has(index) || sink.isShared?.(state) !== true;
  if (later && mayLook) {
    const proof = await prove().catch(() => undefined);
    if (proof && proof.result !== 'different') return proof;
  }
  const send = () => sink.apply(step, state, () => metered(at, original(), throttle));
  await send();
  at.done.add(index);
  const first = await prove();
  if (first.result !== 'different') return first;
  await send();
  return prove();
}

async function* metered(
  at: Attempt,
  source: AsyncIterable<Uint8Array>,
  throttle: Throttle | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    at.figures.bytes += chunk.length;
    const pause = throttle?.take(chunk.length, at.signal);
    if (pause) await pause;
    yield chunk;
  }
}

function count(totals: RestoreTotals, step: RestoreStep, proof: Proof): void {
  totals.artifacts += 1;
  totals.bytes += step.lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0);
  if (proof.result !== 'different') {
    totals[proof.result] += 1;
    if (proof.result === 'equivalent' && proof.warning) {
      totals.warnings = [...(totals.warnings ?? []), proof.warning];
    }
    return;
  }
  totals.failed.count += 1;
  if (totals.failed.subjects.length < NAMED_FAILURES) {
    totals.failed.subjects.push(`${step.subject} (${proof.reason})`);
  }
}
