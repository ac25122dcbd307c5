import { HoldfastError } from '../../failure.ts';
import type { Notebook } from '../product.ts';
import type { AivenClient } from './client.ts';
import { pause } from '../../pause.ts';
import { patiently } from './patiently.ts';
import { requestNotes, type RequestNotes } from './request-notes.ts';

/** A backup that failed is requested again so often: its reason may have passed. */
const REQUESTS = 3;
/** A large service needs several hours. */
const LONGEST_TASK_MS = 24 * 3_600_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Has the service make a backup and waits until it is done; goes on with the request that an earlier attempt made. There
 * is one place for it: each request replaces what is there. A request whose answer was lost is made again, which costs
 * time and nothing else.
 * @returns the notes of the request that succeeded
 * @throws JOB_FAILED, JOB_STUCK, and refusals
 */
export async function requestBackup(
  client: AivenClient,
  name: string,
  notes: Notebook,
  signal: AbortSignal,
): Promise<RequestNotes> {
  let failure = '';
  for (let number = 1, failed = 0; failed < REQUESTS; number += 1) {
    const request = requestNotes(notes, number);
    if (await request.spent.recall()) continue;
    const { succeeded, result } = await follow(client, name, request, signal);
    if (succeeded) return request;
    failed += 1;
    failure = result;
  }
  throw new HoldfastError(
    'JOB_FAILED',
    `${client.server} failed ${REQUESTS} times to make a backup: ${failure.slice(0, 300)}.`,
  );
}

async function follow(
  client: AivenClient,
  name: string,
  request: RequestNotes,
  signal: AbortSignal,
): Promise<{ succeeded: boolean; result: string }> {
  const ended = await request.ended.recall();
  if (ended) return ended;
  const end = (succeeded: boolean, result: string) =>
    request.ended.remember({ succeeded, result: result.slice(0, 300) });
  const known = await request.task.recall();
  const begun = known ? undefined : await patiently(() => client.createBackup(name), signal);
  const { id } = known ?? (await request.task.remember({ id: begun?.id ?? '' }));
  const startedAt = Date.now();
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    const first = wait === FIRST_PAUSE_MS;
    const task = first && begun?.id === id ? begun : await patiently(() => client.task(id), signal);
    if (task === undefined) return end(false, 'it does not know the task any more');
    if (task.ended) return end(task.succeeded, task.result || 'no reason given');
    if (Date.now() - startedAt > LONGEST_TASK_MS) {
      throw new HoldfastError(
        'JOB_STUCK',
        `${client.server} has not finished its backup for ${LONGEST_TASK_MS / 3_600_000} hours.`,
      );
    }
    await pause(wait, signal);
  }
}
