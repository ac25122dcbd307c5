import { CancelledFailure, Context } from '@temporalio/activity';
import type { Figures } from '../../workflows/contract/progress.ts';
import { SIGNAL } from '../../workflows/contract/names.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError, toApplicationFailure } from '../failure.ts';
import { failedBefore, inARow } from './failed.ts';
import { Heartbeat } from './heartbeat.ts';
import { shortened } from '../shortened.ts';
import { mayTell } from './telling.ts';

/** One attempt of an activity: its signal, and what it moved so far. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly number: number;
  /** What the heartbeat carries; the body keeps it current. */
  readonly figures: Pick<Figures, 'artifacts' | 'bytes' | 'product' | 'lastError'>;
  /** What this attempt and those before it have done. The heartbeat carries it, so the last of it may be lost. */
  readonly done: Set<number>;
  /** So often in a row it has failed in this way, where that ends the attempt. */
  readonly timesWith: (error: unknown) => number;
}

/**
 * Frames the body of every activity: heartbeats from the first second, live figures, the shutdown of a worker told
 * apart from a user's cancel, and failures translated once, at this edge.
 */
export async function attempt<T>(
  deps: Dependencies,
  body: (at: Attempt) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { activityId, attempt: number } = context.info;
  const counts: Attempt['figures'] = { artifacts: 0, bytes: 0 };
  const done = doneBefore(context.info.heartbeatDetails);
  // Somebody who resets the activity has its failures counted anew, like its attempts.
  let failed = number > 1 ? failedBefore(context.info.heartbeatDetails) : undefined;
  const figures = (lastError = counts.lastError): Figures => ({
    activity: activityId,
    attempt: number,
    ...counts,
    ...(counts.product === undefined ? {} : { product: shortened(counts.product) }),
    ...(lastError === undefined ? {} : { lastError: shortened(lastError) }),
  });
  const beat = () => {
    // The server knows nothing of a local activity, and the SDK would warn of each beat.
    if (!context.info.isLocal)
      context.heartbeat({ ...figures(), ...(done.size > 0 && { done: [...done] }), failed });
  };
  const heartbeat = new Heartbeat(context.info.heartbeatTimeoutMs, () => {
    beat();
    if (counts.bytes > 0 || counts.product || counts.lastError)
      void tell(deps, context, figures(), false);
  });
  const signal = AbortSignal.any([context.cancellationSignal, heartbeat.lapsed]);
  const timesWith = (error: unknown) => inARow(failed, error).times;
  try {
    return await body({ signal, number, figures: counts, done, timesWith });
  } catch (error) {
    if (!signal.aborted) failed = inARow(failed, error);
    beat();
    if (context.cancellationSignal.aborted) throw ending(context);
    if (heartbeat.lapsed.aborted) throw givenUp();
    const failure = toApplicationFailure(error, context.info.isLocal ? number : failed?.times);
    if (!(error instanceof HoldfastError)) context.log.error('unexpected failure', { error });
    await tell(deps, context, figures(failure.message), true);
    throw failure;
  } finally {
    heartbeat.end();
  }
}

function doneBefore(details: unknown): Set<number> {
  const { done } = (details ?? {}) as { done?: unknown };
  return new Set(Array.isArray(done) ? done.filter((one) => typeof one === 'number') : []);
}

function givenUp(): Error {
  const sentence =
    'The worker that ran this activity was out for too long, so another attempt goes on.';
  return toApplicationFailure(new HoldfastError('WORKER_SHUTDOWN', sentence));
}

/** A worker that stops is not a user who cancels: the attempt is repeated elsewhere. */
function ending(context: Context): Error {
  if (context.cancellationDetails?.workerShutdown && !context.cancellationDetails.cancelRequested) {
    return toApplicationFailure(
      new HoldfastError('WORKER_SHUTDOWN', 'The worker that ran this activity was stopped.'),
    );
  }
  return new CancelledFailure('CANCELLED');
}

/** Signals the workflow, so that its query and the UI move. A hint: when it fails, nothing is lost. */
async function tell(
  deps: Dependencies,
  context: Context,
  figures: Figures,
  failed: boolean,
): Promise<void> {
  const { workflowExecution } = context.info;
  if (!workflowExecution || !mayTell(workflowExecution.runId, figures, failed)) return;
  const { workflowId, runId } = workflowExecution;
  try {
    await deps.client.workflow.getHandle(workflowId, runId).signal(SIGNAL.figures, figures);
  } catch (error) {
    context.log.debug('figures not told', { error });
  }
}
