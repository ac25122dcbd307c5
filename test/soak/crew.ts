import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../support/death-wish.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import type { World } from './world.ts';

const MOST_TRIES = 30;
/** Longer than the heartbeat of every target. */
const FROZEN_MS = 5_000;

/** The workers of an episode: who dies is followed by another one. */
export class Crew {
  /** Workers that ended though nobody had told them to. */
  readonly problems: string[] = [];
  /** Settles when one froze at a step for the first time. */
  readonly froze: Promise<void>;
  /** Where workers died or froze. */
  readonly met: Step[] = [];
  readonly #world: World;
  readonly #alive = new Set<WorkerProcess>();
  readonly #killed = new Set<WorkerProcess>();
  readonly #frozen = new Set<WorkerProcess>();
  readonly #coming = new Set<Promise<void>>();
  #dieAt: Step[] = [];
  #freezeAt: Step[] = [];
  #ending = false;
  #tellFrozen: () => void = () => {};

  constructor(world: World) {
    this.#world = world;
    this.froze = new Promise((resolve) => (this.#tellFrozen = resolve));
  }

  async begin(count: number, dieAt: Step[], freezeAt: Step[]): Promise<void> {
    this.#dieAt = [...dieAt];
    this.#freezeAt = [...freezeAt];
    for (let one = 0; one < count; one++) await this.#hire();
  }

  kill(): void {
    const [one] = this.#alive;
    if (!one) return;
    this.#killed.add(one);
    void one.kill();
  }

  async freeze(forMs: number): Promise<void> {
    const one = [...this.#alive].find((worker) => !this.#frozen.has(worker));
    if (!one) return;
    one.freeze();
    await this.#thawLater(one, forMs);
  }

  /** Nobody is told to die or freeze any more, and somebody is there. */
  async heal(): Promise<void> {
    this.#dieAt = [];
    this.#freezeAt = [];
    // Those who have such an order still have it, and another one follows each.
    await Promise.all(this.#coming);
  }

  /** Stops them as an operator does. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#coming);
    await Promise.all([...this.#alive].map((worker) => worker.stop()));
  }

  async #hire(): Promise<void> {
    const orders = { dieAt: this.#dieAt, freezeAt: this.#freezeAt };
    const worker = await this.#started(orders);
    this.#alive.add(worker);
    void worker.frozen.then((step) => {
      this.met.push(step);
      this.#tellFrozen();
      this.#freezeAt = this.#freezeAt.filter((one) => one !== step);
      // It tells of the first time alone, and may freeze again.
      const thawing = setInterval(() => worker.thaw(), FROZEN_MS);
      void worker.gone.finally(() => clearInterval(thawing));
    });
    void worker.gone.then((step) => {
      this.#alive.delete(worker);
      if (step !== undefined) this.met.push(step);
      if (this.#ending) return;
      if (step === undefined && !this.#killed.has(worker)) {
        this.problems.push(`a worker ended unbidden:\n${worker.output()}`);
      }
      this.#dieAt = this.#dieAt.filter((one) => one !== step);
      const coming = this.#hire().finally(() => this.#coming.delete(coming));
      this.#coming.add(coming);
    });
  }

  /** None can begin while Temporal is away. */
  async #started(orders: { dieAt: Step[]; freezeAt: Step[] }): Promise<WorkerProcess> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#world.stage.worker(orders);
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
        await sleep(1_000);
      }
    }
  }

  async #thawLater(worker: WorkerProcess, forMs: number): Promise<void> {
    this.#frozen.add(worker);
    await sleep(forMs);
    worker.thaw();
    this.#frozen.delete(worker);
  }
}
