import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import { QUERY, SIGNAL, type Operation, type Outcome } from './contract/names.ts';
import type { Skipped } from './contract/operations.ts';
import type { Progress } from './contract/progress.ts';
import { failure, verdict } from './failure.ts';
import { Run } from './run.ts';
import { LockHeld } from './skipped.ts';

export const cancelSignal = defineSignal<[unknown?]>(SIGNAL.cancel);
export const figuresSignal = defineSignal<[unknown]>(SIGNAL.figures);
export const progressQuery = defineQuery<Progress>(QUERY.progress);

/** What frames every operation: signals and the query, its outcome, and an end that says what happened. */
export async function conduct<T extends { warnings: unknown[] }>(
  operation: Operation,
  work: (run: Run) => Promise<T>,
): Promise<T | Skipped> {
  const run = new Run(operation);
  let asked = false;
  setHandler(figuresSignal, (figures) => run.receive(figures));
  setHandler(progressQuery, () => run.progress());
  setHandler(cancelSignal, async () => {
    if (asked) return;
    asked = true;
    await CancellationScope.nonCancellable(() => activities('ask', 'cancel').cancelOwnWorkflow());
  });
  try {
    const report = await work(run);
    run.outcome(outcomeOf(report), bytesOf(report));
    run.show(outcomeOf(report) === 'failed' ? 'done: it found damage' : 'done');
    return report;
  } catch (error) {
    return await close(run, error);
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function close(run: Run, error: unknown): Promise<Skipped> {
  if (error instanceof LockHeld) {
    if (!scheduled()) {
      run.outcome('failed');
      throw failure('LOCK_HELD', error.message);
    }
    const { workflowId, operation, since } = error.holder;
    run.outcome('skipped');
    run.show(`skipped: ${error.message}`);
    return { skipped: true, heldBy: workflowId, operation, since };
  }
  run.outcome(isCancellation(error) ? 'cancelled' : 'failed');
  const end = verdict(error);
  run.show(isCancellation(error) ? 'cancelled' : `failed: ${end.message}`);
  throw end;
}

/** Whether a schedule started this run, and for when. */
export function scheduled(): string | undefined {
  const { searchAttributes } = workflowInfo();
  const [time] = searchAttributes['TemporalScheduledStartTime'] ?? [];
  return time instanceof Date ? time.toISOString() : time === undefined ? undefined : String(time);
}

function outcomeOf(report: { warnings: unknown[]; ok?: boolean }): Outcome {
  if (report.ok === false) return 'failed';
  return report.warnings.length > 0 ? 'warned' : 'succeeded';
}

function bytesOf(report: object): number {
  if ('storedBytes' in report) return Number(report.storedBytes);
  return 'bytes' in report ? Number(report.bytes) : 0;
}
