import { HoldfastError } from '../../failure.ts';
import type { TaskState } from './answers.ts';
import type { AivenClient } from './client.ts';
import { patiently, pause } from './pause.ts';

/** A backup that failed is requested again so often: its reason may have passed. */
const REQUESTS = 3;
/** A large service needs several hours. */
const LONGEST_TASK_MS = 24 * 3_600_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Has the service make a backup and waits until it is done. There is one place for it: each request replaces what is
 * there. A request whose answer was lost is made again, which costs time and nothing else.
 * @throws JOB_FAILED, JOB_STUCK, and refusals
 */
export async function requestBackup(
  client: AivenClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  let failure = '';
  for (let request = 1; request <= REQUESTS; request += 1) {
    const task = await patiently(() => client.createBackup(name), signal);
    const ended = await follow(client, task, signal);
    if (ended?.succeeded) return;
    failure = ended ? ended.result || 'no reason given' : 'it does not know the task any more';
  }
  throw new HoldfastError(
    'JOB_FAILED',
    `${client.server} failed ${REQUESTS} times to make a backup: ${failure.slice(0, 300)}.`,
  );
}

/** @returns undefined when the task is not known any more */
async function follow(
  client: AivenClient,
  begun: TaskState,
  signal: AbortSignal,
): Promise<TaskState | undefined> {
  const startedAt = Date.now();
  for (let wait = FIRST_PAUSE_MS, task = begun; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    if (task.ended) return task;
    if (Date.now() - startedAt > LONGEST_TASK_MS) {
      throw new HoldfastError(
        'JOB_STUCK',
        `${client.server} has not finished its backup for ${LONGEST_TASK_MS / 3_600_000} hours.`,
      );
    }
    await pause(wait, signal);
    const id = task.id;
    const now = await patiently(() => client.task(id), signal);
    if (now === undefined) return undefined;
    task = now;
  }
}
