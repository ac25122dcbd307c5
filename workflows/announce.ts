import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { Ending, Notice } from './contract/notice.ts';
import { verdict } from './failure.ts';
import type { KnownJob } from './known-job.ts';
import type { Run } from './run.ts';

/** Enough to know what to look at; the run's page has them all. */
const MOST_WARNINGS = 20;

/**
 * Tells those who asked for it how the run ended. That nobody could be told changes nothing in how it did.
 * @param why it failed or was skipped
 */
export async function announce(
  run: Run,
  outcome: Ending,
  why?: { code: string; message: string },
): Promise<void> {
  const { job } = run;
  const listeners = (job?.snapshot.notify ?? []).filter(({ on }) => on.includes(outcome));
  // A plan restores nothing: to tell that a restore succeeded would be a lie.
  if (!job || listeners.length === 0 || job.request?.dryRun) return;
  const { snapshot, backup } = job;
  const into = destinationOf(job);
  const { workflowId, runId } = workflowInfo();
  const { startedAt, sameFailureDomain, warnings } = run.progress();
  const notice: Notice = {
    text: textOf(run, outcome, why?.message),
    operation: run.operation,
    outcome,
    target: snapshot.target,
    product: snapshot.product,
    store: snapshot.store.name,
    ...(backup ? { backup } : {}),
    ...(into === undefined ? {} : { into }),
    ...why,
    warnings: warnings.slice(0, MOST_WARNINGS),
    ...(sameFailureDomain ? { sameFailureDomain } : {}),
    startedAt,
    durationMs: run.elapsedMs,
    workflowId,
    runId,
  };
  const tell = activities('tell', 'tell how the run ended', snapshot);
  await CancellationScope.nonCancellable(() =>
    Promise.all(
      listeners.map(({ webhook }) =>
        tell.notify({ webhook, notice }).catch((error: unknown) => {
          const { message } = verdict(error);
          run.warn({ code: 'NOT_NOTIFIED', message: `How the run ended was not told: ${message}` });
          run.show();
        }),
      ),
    ),
  );
}

/** Where it goes, unless it goes where it came from. */
function destinationOf({ snapshot, destination }: KnownJob): string | undefined {
  return destination && destination.target !== snapshot.target ? destination.target : undefined;
}

function textOf(run: Run, outcome: Ending, message?: string): string {
  const { operation, job, warnings } = run;
  const subject = job?.backup ? `${operation} ${job.backup}` : operation;
  const into = job && destinationOf(job);
  const copy = run.progress().sameFailureDomain?.copy;
  const ended = `Holdfast: ${subject} of ${job?.snapshot.target}${into ? ` into ${into}` : ''} ${ENDED[outcome]}`;
  if (message !== undefined) return `${ended}: ${message}`;
  const codes = [...new Set(warnings.map(({ code }) => code))].join(', ');
  const alone = copy ? ` Its bytes lie beside the database alone until ${copy} has ended.` : '';
  return `${ended}${outcome === 'warned' ? `: ${codes}` : ''}.${alone}`;
}

const ENDED: Record<Ending, string> = {
  succeeded: 'succeeded',
  warned: 'is done, with warnings',
  failed: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
};
