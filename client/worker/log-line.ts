import type { LogEntry } from '@temporalio/worker';
import { printable } from '../terminal/output.ts';

const TOLD = ['workflowId', 'activityType', 'attempt', 'taskQueue'] as const;

/** One line for one entry: what happened to whom, and the sentence of the error. Stacks are for debuggers. */
export function logLine({ level, timestampNanos, message, meta = {} }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const about = TOLD.flatMap((name) => {
    const value: unknown = meta[name];
    return typeof value === 'string' || typeof value === 'number' ? [`${name}=${value}`] : [];
  });
  const sentence = sentenceOf(meta['error']);
  return printable(
    [time, level.padEnd(5), message + (sentence && `: ${sentence}`), ...about].join(' '),
  );
}

/** The innermost sentence: what wraps an error says only that something failed. Workflows have an Error of their own. */
function sentenceOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return '';
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  const wraps = name === 'ActivityFailure' || name === 'ChildWorkflowFailure';
  return (wraps && sentenceOf(cause)) || String(error.message);
}
