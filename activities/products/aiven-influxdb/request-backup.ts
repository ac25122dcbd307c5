import { formatDuration } from '../../config/duration.ts';
import { HoldfastError } from '../../failure.ts';
import type { CapturedJob, Notebook } from '../product.ts';
import type { TaskState } from './answers.ts';
import type { AivenClient } from './client.ts';
import { pause } from '../../pause.ts';
import { patiently } from './patiently.ts';
import { requestNotes, type RequestNotes } from './request-notes.ts';

/** A backup that failed is requested again so often: its reason may have passed. */
const REQUESTS = 3;
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
  { notes, job }: { notes: Notebook; job: CapturedJob },
  signal: AbortSignal,
): Promise<RequestNotes> {
  let failure = '';
  for (let number = 1, failed = 0; failed < REQUESTS; number += 1) {
    const request = requestNotes(notes, number);
    if (await request.spent.recall()) continue;
    const { succeeded, result } = await follow(client, name, request, job, signal);
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
  job: CapturedJob,
  signal: AbortSignal,
): Promise<{ succeeded: boolean; result: string }> {
  const ended = await request.ended.recall();
  if (ended) return ended;
  const end = (succeeded: boolean, result: string) => {
    job.says(undefined);
    return request.ended.remember({ succeeded, result: result.slice(0, 300) });
  };
  const known = await request.task.recall();
  const begun = known ? undefined : await patiently(() => client.createBackup(name), signal);
  const { id, since } =
    known ?? (await request.task.remember({ id: begun?.id ?? '', since: Date.now() }));
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    const first = wait === FIRST_PAUSE_MS;
    const task = first && begun?.id === id ? begun : await patiently(() => client.task(id), signal);
    if (task === undefined) return end(false, 'it does not know the task any more');
    if (task.ended) return end(task.succeeded, task.result || 'no reason given');
    job.says(task.words);
    if (Date.now() - since > job.patienceMs) throw stuck(client, task, since, job);
    await pause(wait, signal);
  }
}

function stuck(
  { server }: AivenClient,
  { words }: TaskState,
  since: number,
  { patienceMs }: CapturedJob,
): HoldfastError {
  return new HoldfastError(
    'JOB_STUCK',
    `${server} has not ended its backup within ${formatDuration(patienceMs)}, counted from ` +
      `${new Date(since).toISOString()}: it still says that ${words}.`,
    { hint: 'Ask the vendor about the task; `timeouts.job` says how long it may take.' },
  );
}
