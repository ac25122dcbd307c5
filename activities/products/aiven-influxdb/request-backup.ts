import { HoldfastError } from '../../failure.ts';
import { untilEnded } from '../../jobs/until-ended.ts';
import { patiently } from '../../patiently.ts';
import type { CapturedJob, Notebook } from '../product.ts';
import type { TaskState } from './answers.ts';
import type { AivenClient } from './client.ts';
import { requestNotes, type RequestNotes } from './request-notes.ts';

/** So often in all, since what a backup failed by, or what was wrong with its file, may have passed. */
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
    const spent = await request.spent.recall();
    if (spent?.fault !== undefined) {
      failed += 1;
      failure = spent.fault;
    }
    if (spent) continue;
    const { succeeded, result } = await follow(client, name, request, job, signal);
    if (succeeded) return request;
    failed += 1;
    failure = result;
  }
  throw new HoldfastError(
    'JOB_FAILED',
    `${client.server} failed ${REQUESTS} times to make a backup that is of use: ${failure.slice(0, 300).replace(/\.$/, '')}.`,
  );
}

type Told = TaskState | 'unknown';

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
  const { id, since, begun } = await begin(client, name, request, signal);
  let words = 'nothing';
  let told = begun;
  const task = await untilEnded<Told, Told>({
    ask: async () => {
      const state = told ?? (await patiently(() => client.task(id), signal)) ?? 'unknown';
      told = undefined;
      if (state !== 'unknown' && !state.ended) job.says((words = state.words));
      return state;
    },
    hasEnded: (state): state is Told => state === 'unknown' || state.ended,
    pauseMs: (elapsedMs) => Math.min(Math.max(elapsedMs / 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS),
    since: new Date(since),
    patienceMs: job.patienceMs,
    stuck: () => ({
      subject: `The backup of ${client.server}`,
      says: `it still says that ${words}`,
      hint: 'Ask the vendor about the task; `timeouts.job` says how long it may take.',
    }),
    signal,
  });
  if (task === 'unknown') return end(false, 'it does not know the task any more');
  return end(task.succeeded, task.result || 'no reason given');
}

interface Begun {
  id: string;
  since: number;
  /** What the service said of it just now. */
  begun?: TaskState;
}

/** Requests a backup, unless an earlier attempt has. */
async function begin(
  client: AivenClient,
  name: string,
  { task }: RequestNotes,
  signal: AbortSignal,
): Promise<Begun> {
  const known = await task.recall();
  if (known) return known;
  // Not when the answer comes: the service may have begun long before.
  const since = Date.now();
  const begun = await patiently(() => client.createBackup(name), signal);
  const noted = await task.remember({ id: begun.id, since });
  return noted.id === begun.id ? { ...noted, begun } : noted;
}
