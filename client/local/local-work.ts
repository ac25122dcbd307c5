import { HoldfastError } from '../../activities/failure.ts';
import type { Output } from '../terminal/output.ts';
import { renderBar } from '../terminal/progress-bar.ts';

const DRAW_EVERY_MS = 500;
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface LocalWorkFacts {
  /** As the bar calls it: `importing`. */
  phase: string;
  artifacts: number;
  totalBytes?: number;
  /** What a person hears who broke it off, and what may be done then. */
  brokenOff: string;
  hint: string;
}

/** Work in this process, with its bar. Ctrl-C, SIGTERM and a terminal that is closed end it by its signal. */
export class LocalWork implements Disposable {
  readonly #output: Output;
  readonly #facts: LocalWorkFacts;
  readonly #startedAt = new Date();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #done = 0;
  readonly #onSignal = () => {
    const { brokenOff, hint } = this.#facts;
    this.#stop.abort(new HoldfastError('CANCELLED', brokenOff, { hint }));
  };

  constructor(output: Output, facts: LocalWorkFacts) {
    this.#output = output;
    this.#facts = facts;
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
    for (const signal of ENDING) process.on(signal, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  finishOne(): void {
    this.#done += 1;
  }

  #draw(): void {
    const { phase, artifacts, totalBytes } = this.#facts;
    const seconds = (Date.now() - this.#startedAt.getTime()) / 1000;
    const bar = renderBar(
      {
        phase,
        bytes: this.#bytes,
        totalBytes,
        artifacts: Math.min(this.#done, artifacts),
        totalArtifacts: artifacts,
        bytesPerSecond: this.#bytes / seconds,
        startedAt: this.#startedAt,
        remark: undefined,
      },
      this.#output.width,
    );
    this.#output.live(bar);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const signal of ENDING) process.off(signal, this.#onSignal);
    this.#output.clear();
  }
}
