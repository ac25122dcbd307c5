import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../workflows/contract/progress.ts';

/** A loaded machine needs its time. */
const PATIENCE_MS = 240_000;

/** Waits until something holds. @throws with `what` after some minutes */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}.`);
    await sleep(100);
  }
}

/** Waits until a run is in a phase. */
export async function phase(handle: WorkflowHandle, wanted: string): Promise<void> {
  let seen = '';
  await until(`phase "${wanted}"`, async () => {
    seen = (await progressOf(handle)).phase;
    if (seen.startsWith('failed') || seen.startsWith('done')) throw new Error(`It is ${seen}.`);
    return seen.startsWith(wanted);
  });
}

export function progressOf(handle: WorkflowHandle): Promise<Progress> {
  return handle.query<Progress>('progress');
}

/** How a run ended: its status, its report, or its code and sentence. */
export interface Ending {
  status: string;
  report: Record<string, unknown>;
  code: string;
  message: string;
  /** The codes of warnings, in the report or (for a run that failed) in its progress. */
  warnings: string[];
}

export async function ending(handle: WorkflowHandle): Promise<Ending> {
  const settled: { report: Record<string, unknown>; error?: unknown } = await handle.result().then(
    (report: unknown) => ({ report: report as Record<string, unknown> }),
    (error: unknown) => ({ report: {}, error }),
  );
  const cause = (settled.error as { cause?: { type?: string; message?: string } } | undefined)
    ?.cause;
  const status = (await handle.describe()).status.name;
  const { warnings } = await progressOf(handle);
  const told = (settled.report['warnings'] as typeof warnings | undefined) ?? warnings;
  return {
    status,
    report: settled.report,
    code: cause?.type ?? '',
    message: cause?.message ?? '',
    // That a cancel was asked for is what the test did.
    warnings: told.map(({ code }) => code).filter((code) => code !== 'CANCEL_ASKED'),
  };
}
