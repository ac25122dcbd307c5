import { startWorkerOn } from '../temporal/workers.ts';
import { humanAge, humanBytes, humanDuration, humanTime, knownTotal } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import { renderPairs } from '../terminal/table.ts';
import { adviceFor } from './advice.ts';
import type { FoundRun } from './find-runs.ts';
import { stateOf } from './in-words.ts';
import type { Observation } from './observe.ts';
import type { Ending } from './outcome.ts';

type Pairs = Parameters<typeof renderPairs>[0];

/**
 * One run, in detail.
 * @param idle the task queue on which it waits for a worker
 * @param error what it ended with
 */
export function detailLines(
  run: FoundRun,
  seen: Observation,
  idle: string | undefined,
  error: Ending['error'],
): string[] {
  const advice = adviceFor(seen);
  return [
    ...renderPairs([
      ['run', run.workflowId],
      ['state', stateOf(run)],
      ['began', `${humanTime(run.startedAt)} (${humanAge(run.startedAt)} ago)`],
      ['ended', run.closedAt && humanTime(run.closedAt)],
      ['backup', run.backup],
      ['phase', seen.progress?.phase ?? (isSilent(seen) ? 'no worker answers' : undefined)],
      ['waiting for', idle ? `a worker on the task queue ${idle}` : seen.progress?.waitingFor],
      ['to go on', idle && startWorkerOn(idle)],
      ...progressPairs(seen.progress),
      ['failure', error && `${error.code}: ${error.message}`],
      ['what to do', error?.hint],
    ]),
    ...seen.pending
      .filter(({ lastError }) => lastError)
      .map(({ type, attempt, lastError }) =>
        printable(`${type}: attempt ${attempt}, last error: ${lastError}`),
      ),
    ...(advice ? [advice] : []),
  ];
}

/** Taken up by a worker once, and none answers now: none is there, or it cannot go on with this run. */
function isSilent({ status, untouched, progress }: Observation): boolean {
  return status === 'RUNNING' && !untouched && !progress;
}

function progressPairs(progress: Observation['progress']): Pairs {
  if (!progress) return [];
  const { artifacts, bytes, bytesPerSecond, eta, cancellable } = progress;
  const total = knownTotal(bytes);
  const of = total === undefined ? '' : ` of ${humanBytes(total)}`;
  return [
    ['artifacts', `${artifacts.done} of ${artifacts.total}`],
    ['bytes', `${humanBytes(bytes.done)}${of}, ${humanBytes(bytesPerSecond)}/s`],
    ['left', eta && leftUntil(eta)],
    ['cancellable', String(cancellable)],
  ];
}

function leftUntil(eta: string): string {
  return humanDuration(Math.max(0, new Date(eta).getTime() - Date.now()));
}
