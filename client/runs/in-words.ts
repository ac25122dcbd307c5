import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { humanBytes, humanDuration, knownTotal } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import type { FoundRun } from './find-runs.ts';
import type { Observation } from './observe.ts';

export function stateOf({ status, outcome }: FoundRun): string {
  if (status === 'COMPLETED' && outcome && outcome !== 'running') return outcome;
  return status === 'COMPLETED' ? 'done' : status.toLowerCase().replace('_', ' ');
}

/** @param idle the task queue on which it waits for a worker */
export function phaseOf({ progress, untouched, pending }: Observation, idle?: string): string {
  if (idle && idle !== TASK_QUEUE) return `waiting for a worker on the task queue ${idle}`;
  if (untouched) return 'waiting for a worker';
  const troubled = pending.find(({ lastError }) => lastError);
  if (troubled) {
    const { attempt, lastError } = troubled;
    const where = progress ? `${progress.phase}, ` : '';
    return printable(`${where}attempt ${attempt}, last error ${lastError}`);
  }
  if (!progress) return 'no worker answers';
  const { phase, bytes, waitingFor } = progress;
  if (waitingFor) return `waiting for ${waitingFor}`;
  const total = knownTotal(bytes);
  const share = total ? ` ${Math.floor((bytes.done / total) * 100)} %` : '';
  return `${phase}${share}`;
}

export function endingOf({ startedAt, closedAt, bytes }: FoundRun): string {
  const took = closedAt ? humanDuration(closedAt.getTime() - startedAt.getTime()) : '';
  return [bytes ? humanBytes(bytes) : '', took].filter(Boolean).join(', ');
}
