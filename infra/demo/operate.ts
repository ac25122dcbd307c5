import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { failureOf } from '../../client/runs/outcome.ts';
import { humanBytes } from '../../client/terminal/figures.ts';
import {
  type Operation,
  QUERY,
  TASK_QUEUE,
  timeName,
  workflowId,
} from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';

const LOOK_EVERY_MS = 200;

/** Starts a workflow as anybody could, in the UI for one, and watches it to its end. */
export async function operate<Report>(
  client: Client,
  operation: Operation,
  input: { target: string } & object,
  moving: (text: string) => void,
): Promise<Report> {
  const id = workflowId(operation, input.target, timeName(new Date()));
  const handle = await client.workflow.start(operation, {
    taskQueue: TASK_QUEUE,
    workflowId: id,
    args: [input],
  });
  const ended = new AbortController();
  const watching = watch(() => handle.query<Progress>(QUERY.progress), moving, ended.signal);
  try {
    return (await handle.result()) as Report;
  } catch (error) {
    throw error instanceof WorkflowFailedError ? failureOf(id, error.cause) : error;
  } finally {
    ended.abort();
    await watching;
  }
}

async function watch(
  ask: () => Promise<Progress>,
  moving: (text: string) => void,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    // A query may come before the first task of the workflow, or after its end.
    const progress = await ask().catch(() => undefined);
    if (progress && !ended.aborted) moving(inWords(progress));
    await sleep(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}

function inWords({ phase, artifacts, bytes }: Progress): string {
  const count = artifacts.total > 0 ? ` · ${artifacts.done} of ${artifacts.total} artifacts` : '';
  return `${phase}${count} · ${humanBytes(bytes.done)}`;
}
