import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activities, cancelOwnWorkflow } from './activity-options.ts';
import { announce } from './announce.ts';
import { QUERY, SIGNAL, type Operation } from './contract/names.ts';
import type { Ending } from './contract/notice.ts';
import type { Finding, Skipped } from './contract/operations.ts';
import type { Progress, Warning } from './contract/progress.ts';
import { failure, failureCode, isCancelled, verdict } from './failure.ts';
import { Run } from './run.ts';
import { LockHeld } from './skipped.ts';

export const cancelSignal = defineSignal<[unknown?]>(SIGNAL.cancel);
export const figuresSignal = defineSignal<[unknown]>(SIGNAL.figures);
export const progressQuery = defineQuery<Progress>(QUERY.progress);

/** What all operations report, and a verification beside it. */
interface Report {
  warnings: Warning[];
  ok?: boolean;
  findings?: Finding[];
  findingsCount?: number;
}

/** What frames every operation: signals and the query, its outcome, and an end that says what happened. */
export async function conduct<T extends object>(
  operation: Operation,
  work: (run: Run) => Promise<T>,
): Promise<(T & { warnings: Warning[] }) | Skipped> {
  const run = new Run(operation);
  let asked = false;
  setHandler(figuresSignal, (figures) => run.receive(figures));
  setHandler(progressQuery, () => run.progress());
  setHandler(cancelSignal, async (request) => {
    if (asked) return;
    asked = true;
    run.warn({ code: 'CANCEL_ASKED', message: `A cancel was asked for${reasonOf(request)}.` });
    try {
      await CancellationScope.nonCancellable(cancel);
    } catch (error) {
      // Thrown from here it would fail the run on the spot, without its cleaning up. It may be asked for again.
      asked = false;
      const message = `The run could not be cancelled and goes on: ${verdict(error).message}`;
      run.warn({ code: 'CANCEL_FAILED', message });
      run.show();
    }
  });
  try {
    const done = await work(run);
    // Who reads the report alone learns of all that the page and the webhooks tell, whether or not these could be told it.
    const report = { ...done, warnings: run.warnings };
    const outcome = outcomeOf(report);
    run.end(outcome, outcome === 'failed' ? 'done: it found damage' : 'done', bytesOf(report));
    await announce(run, outcome, outcome === 'failed' ? firstFinding(report) : undefined);
    return report;
  } catch (error) {
    return await close(run, error);
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

function cancel(): Promise<void> {
  if (patched('local-cancel')) return cancelOwnWorkflow();
  return activities('ask', 'cancel').cancelOwnWorkflow();
}

/** Whatever a person sent along: a cancel is never refused for its form. */
function reasonOf(request: unknown): string {
  if (typeof request !== 'object' || request === null || !('reason' in request)) return '';
  return typeof request.reason === 'string' ? `: ${request.reason.slice(0, 200)}` : '';
}

async function close(run: Run, error: unknown): Promise<Skipped> {
  if (error instanceof LockHeld && scheduled()) {
    const { workflowId, operation, since } = error.holder;
    run.end('skipped', `skipped: ${error.message}`);
    await announce(run, 'skipped', { code: 'LOCK_HELD', message: error.message });
    return { skipped: true, heldBy: workflowId, operation, since };
  }
  const end = error instanceof LockHeld ? failure('LOCK_HELD', error.message) : verdict(error);
  if (isCancelled(error)) {
    run.end('cancelled', 'cancelled');
    await announce(run, 'cancelled');
  } else {
    run.end('failed', `failed: ${end.message}`);
    await announce(run, 'failed', { code: failureCode(end) ?? 'INTERNAL', message: end.message });
  }
  throw end;
}

/** The time that a schedule started this run for; undefined when a person did. */
export function scheduled(): string | undefined {
  const { typedSearchAttributes } = workflowInfo();
  return typedSearchAttributes
    .get({ name: 'TemporalScheduledStartTime', type: 'DATETIME' })
    ?.toISOString();
}

function outcomeOf(report: Report): Ending {
  if (report.ok === false) return 'failed';
  return report.warnings.length > 0 ? 'warned' : 'succeeded';
}

/** Why a report is told as a failure. */
function firstFinding({
  findings: [first] = [],
  findingsCount,
}: Report): { code: string; message: string } | undefined {
  if (!first) return undefined;
  const many = findingsCount === 1 ? '1 finding' : `${findingsCount} findings, first`;
  return { code: first.code, message: `${many}: ${first.message}` };
}

function bytesOf(report: object): number {
  if ('storedBytes' in report) return Number(report.storedBytes);
  return 'bytes' in report ? Number(report.bytes) : 0;
}
