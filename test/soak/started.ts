import { setTimeout as sleep } from 'node:timers/promises';
import { QueryNotRegisteredError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import { ending, progressOf, type Ending } from '../faults/following.ts';
import type { Asked } from './draw.ts';
import type { KnownBackup } from './ledger.ts';

/** An operation that was started. */
export interface Started {
  asked: Asked;
  handle: WorkflowHandle & { readonly firstExecutionRunId: string };
  /** Whom it reads or deletes. */
  backup?: KnownBackup;
  /** Whether a cancel was asked for. */
  cancelled: boolean;
  /** Whether somebody ended it by hand, so that it could not clean up. */
  terminated: boolean;
  /** Another run has been made of it, with its history. */
  reset?: boolean;
}

export interface Ended extends Ending {
  /** All that it says: its failure and every warning. */
  words: string;
}

/** For machines that have other things to do. */
const PATIENCE_MS = 300_000;

/** How it ended; where it does not, what keeps it. */
export async function endOf({ handle }: Started): Promise<Ended | string> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const end = await Promise.race([told(handle, patience.signal), late]);
  patience.abort();
  return end ?? `STUCK ${handle.workflowId}: ${await keeping(handle)}`;
}

/** A worker that dies takes the answer to a query along. */
async function told(handle: WorkflowHandle, signal: AbortSignal): Promise<Ended | undefined> {
  for (;;) {
    try {
      const end = await ending(handle);
      const { warnings } = await progressOf(handle);
      const all = (end.report['warnings'] as typeof warnings | undefined) ?? warnings;
      const words = all.map(({ code, message }) => `${code}: ${message}`);
      return { ...end, words: [end.message, ...words].join('\n') };
    } catch (error) {
      if (!(error instanceof ServiceError || error instanceof QueryNotRegisteredError)) throw error;
      if (signal.aborted) return undefined;
      // One that was ended before a worker had looked at it answers no query.
      if (await isTerminated(handle)) return ENDED_BY_HAND;
      await sleep(200);
    }
  }
}

const ENDED_BY_HAND: Ended = {
  status: 'TERMINATED',
  report: {},
  code: '',
  message: 'by hand',
  warnings: [],
  words: '',
};

async function isTerminated(handle: WorkflowHandle): Promise<boolean> {
  const found = await handle.describe().catch(() => undefined);
  return found?.status.name === 'TERMINATED';
}

async function keeping(handle: WorkflowHandle): Promise<string> {
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) =>
    [activityType?.name, `attempt ${attempt}`, lastFailure?.message].join(', '),
  );
  const page = await Promise.race([
    progressOf(handle).then((progress) => JSON.stringify(progress), String),
    sleep(10_000, 'no answer to a query'),
  ]);
  return `${pending.join('; ') || 'nothing is pending'}\n${page}`;
}
