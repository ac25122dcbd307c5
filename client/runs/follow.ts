import { ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { HoldfastError } from '../../activities/failure.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { temporalRefusal } from '../temporal/refusal.ts';
import { startWorkerOn } from '../temporal/workers.ts';
import type { Output } from '../terminal/output.ts';
import { askToEnd } from './ask-to-end.ts';
import type { Interruption } from './interruption.ts';
import { Narrator } from './narrator.ts';
import { observe, type Observation, progressOf } from './observe.ts';
import { resultOf } from './outcome.ts';
import { queueWithoutWorker } from './worker-watch.ts';

export interface FollowOptions {
  /** Listening since before the run was named on the screen: Ctrl-C right after that must not end the command untold. */
  interruption: Interruption;
  /** Keep waiting when no worker is there, also where nobody watches. */
  wait?: boolean | undefined;
  /**
   * Of a run whose result is of use here alone: there is nothing to ask after Ctrl-C. The run is asked to end, and this
   * sentence is what the command fails with.
   */
  whenLeft?: string | undefined;
  /** The run was asked to end: what waited for a worker may need none, and Ctrl-C has nothing left to ask. */
  ending?: boolean | undefined;
}

export type Followed<T> = { ended: true; result: T } | { ended: false };

const LOOK_EVERY_MS = 1_000;
const FIRST_LOOKS_MS = 150;
/** What was waiting for a worker when the cancel came is given up within a moment, by the run itself. */
const GRACE_OF_ENDING_MS = 5_000;
const GRACE_OF_TEMPORAL_MS = 60_000;
const GIVE_UP_AFTER_MINUTES = 10;

/**
 * Follows a run to its end and tells it on the way; `ended: false` when the person detached.
 * @throws what the run failed with; WORKER_MISSING where nobody watches and no worker is there; CANCELLED `whenLeft`
 */
export async function follow<T>(
  session: TemporalSession,
  output: Output,
  run: { workflowId: string; runId: string },
  options: FollowOptions,
): Promise<Followed<T>> {
  const { workflowId, runId } = run;
  const { interruption } = options;
  const narrator = new Narrator(output);
  const watch = new WorkerTold(session, output, workflowId, options);
  const startedAt = Date.now();
  let reachedAt = Date.now();
  for (;;) {
    try {
      const seen = await observe(session, workflowId, runId);
      reachedAt = Date.now();
      narrator.tell(seen, await watch.look(seen));
      if (seen.status !== 'RUNNING') {
        const result = await endOf<T>(session, run, narrator);
        if (options.whenLeft !== undefined && interruption.pressed) throw left(options.whenLeft);
        return { ended: true, result };
      }
    } catch (error) {
      if (!(error instanceof ServiceError) || error instanceof WorkflowNotFoundError) throw error;
      if (Date.now() - reachedAt > GIVE_UP_AFTER_MINUTES * 60_000) {
        throw givenUp(session, workflowId, options, error);
      }
      watch.bear();
    }
    const elapsed = Date.now() - startedAt;
    await interruption.pause(Math.min(LOOK_EVERY_MS, FIRST_LOOKS_MS + elapsed / 10));
    if (options.whenLeft !== undefined && interruption.pressed) {
      await askToEnd(session, run, 'Ctrl-C in the terminal');
      throw left(options.whenLeft);
    }
    const choice = await interruption.choice({ asks: !options.ending });
    if (choice === 'detach') return { ended: false };
    if (choice === 'cancel') {
      await askToEnd(session, run, 'Ctrl-C in the terminal');
      output.remark('cancelling; the run ends when everything is quiet');
    }
  }
}

function givenUp(
  { address }: TemporalSession,
  workflowId: string,
  { ending }: FollowOptions,
  cause: ServiceError,
): HoldfastError {
  return new HoldfastError(
    'TEMPORAL_UNREACHABLE',
    `No Temporal server has answered at ${address} for ${GIVE_UP_AFTER_MINUTES} minutes, so the run ${workflowId} is watched no longer; ` +
      (ending ? 'its cancel is recorded, and takes effect.' : 'it goes on, without this command.'),
    { cause, hint: `Once Temporal answers again, see it with: holdfast status ${workflowId}` },
  );
}

function left(sentence: string): HoldfastError {
  return new HoldfastError('CANCELLED', sentence, { hint: 'Start again when you want to.' });
}

/** Whatever the run still had to say is said before its result. */
async function endOf<T>(
  session: TemporalSession,
  { workflowId, runId }: { workflowId: string; runId: string },
  narrator: Narrator,
): Promise<T> {
  try {
    const result = await resultOf<T & { warnings?: Warning[] }>(session, workflowId, runId);
    narrator.warn(result.warnings ?? []);
    return result;
  } catch (error) {
    const last = await progressOf(session, workflowId, runId);
    narrator.warn(last?.warnings ?? []);
    throw error;
  }
}

/** Says once that no worker is there, and once that one has come. */
class WorkerTold {
  readonly #session: TemporalSession;
  readonly #output: Output;
  readonly #workflowId: string;
  readonly #patient: boolean;
  readonly #ending: boolean;
  #notBefore: number;
  readonly #began = performance.now();
  #missing: string | undefined;

  constructor(
    session: TemporalSession,
    output: Output,
    workflowId: string,
    { wait = output.interactive, ending = false }: FollowOptions,
  ) {
    this.#session = session;
    this.#output = output;
    this.#workflowId = workflowId;
    this.#patient = wait;
    this.#ending = ending;
    this.#notBefore = ending ? Date.now() + GRACE_OF_ENDING_MS : 0;
  }

  /** Workers are back a while after Temporal is, which forgets them when it is started anew. */
  bear(): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now() + GRACE_OF_TEMPORAL_MS);
  }

  /** What stands under the bar while none is there. */
  async look(seen: Observation): Promise<string | undefined> {
    if (seen.status !== 'RUNNING' || Date.now() < this.#notBefore) return undefined;
    const watchedMs = performance.now() - this.#began;
    let queue: string | undefined;
    try {
      queue = await queueWithoutWorker(this.#session, seen, watchedMs);
    } catch (error) {
      if (!temporalRefusal(error)) throw error;
      this.bear();
      return undefined;
    }
    if (queue === this.#missing) return queue && this.#sentence(queue);
    this.#missing = queue;
    if (!queue) {
      this.#output.event({ event: 'worker', present: true }, 'a worker has taken the run up');
      return undefined;
    }
    if (!this.#patient) {
      throw new HoldfastError(
        'WORKER_MISSING',
        this.#ending
          ? `${this.#sentence(queue)}: the cancel of ${this.#workflowId} is recorded, and takes effect when one comes.`
          : `${this.#sentence(queue)}; the run ${this.#workflowId} stays and waits for one.`,
        { hint: startWorkerOn(queue) },
      );
    }
    this.#output.event(
      { event: 'worker', present: false, taskQueue: queue },
      `${this.#sentence(queue)}; waiting for one`,
    );
    return this.#sentence(queue);
  }

  #sentence(queue: string): string {
    return `No worker polls the task queue ${queue}`;
  }
}
