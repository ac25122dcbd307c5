import { HoldfastError } from '../../activities/failure.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { temporalRefusal } from '../temporal/refusal.ts';
import { startWorkerOn } from '../temporal/workers.ts';
import type { Output } from '../terminal/output.ts';
import type { Observation } from './observe.ts';
import { queueWithoutWorker } from './worker-watch.ts';

/** What was waiting for a worker when the cancel came is given up within a moment, by the run itself. */
const GRACE_OF_ENDING_MS = 5_000;
const GRACE_OF_TEMPORAL_MS = 60_000;

export interface Waiting {
  /** Keep waiting when no worker is there, also where nobody watches. */
  wait?: boolean | undefined;
  /** The run was asked to end: what waited for a worker may need none, and Ctrl-C has nothing left to ask. */
  ending?: boolean | undefined;
}

/** The task queue on which the run waits for a worker, if none is there. */
interface Lacking {
  queue: string | undefined;
}

/** Says once that no worker is there, and once that one has come. */
export class WorkerTold {
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
    { wait = output.interactive, ending = false }: Waiting,
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

  /** Undefined where that cannot be told now. */
  async ask(seen: Observation): Promise<Lacking | undefined> {
    if (seen.status !== 'RUNNING' || Date.now() < this.#notBefore) return undefined;
    const watchedMs = performance.now() - this.#began;
    try {
      return { queue: await queueWithoutWorker(this.#session, seen, watchedMs) };
    } catch (error) {
      if (!temporalRefusal(error)) throw error;
      this.bear();
      return undefined;
    }
  }

  /**
   * @returns what stands under the bar while none is there
   * @throws WORKER_MISSING where nobody waits for one
   */
  tell({ queue }: Lacking): string | undefined {
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
