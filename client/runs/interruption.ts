import { constants } from 'node:os';
import { ask } from '../terminal/ask.ts';
import type { Output } from '../terminal/output.ts';

type Signal = 'SIGINT' | 'SIGTERM';

export type Choice = 'detach' | 'cancel';

/**
 * What Ctrl-C means while a run is followed: the first asks, the second (at the question) detaches. Where nobody can be
 * asked, it detaches: the run belongs to Temporal, not to this terminal.
 */
export class Interruption implements Disposable {
  readonly #output: Output;
  #wake: () => void = () => undefined;
  #pending: Signal | undefined;
  readonly #onSignal = (signal: Signal) => {
    this.#pending = signal;
    this.#wake();
  };

  constructor(output: Output) {
    this.#output = output;
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  /** Waits so long, or until Ctrl-C. */
  async pause(ms: number): Promise<void> {
    if (this.#pending) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** What comes of `work`, or undefined as soon as Ctrl-C is pressed: it must be heard also while nobody answers. */
  orPressed<T>(work: Promise<T>): Promise<T | undefined> {
    const pressed = new Promise<undefined>((resolve) => {
      this.#wake = () => resolve(undefined);
      if (this.#pending) this.#wake();
    });
    return Promise.race([work, pressed]);
  }

  /** Ctrl-C was pressed, and nobody was asked yet. */
  get pressed(): boolean {
    return this.#pending !== undefined;
  }

  /** What the person wants, if Ctrl-C was pressed since the last call. Where there is nothing to choose, to leave. */
  async choice({ asks }: { asks: boolean }): Promise<Choice | undefined> {
    const signal = this.#pending;
    if (!signal) return undefined;
    this.#pending = undefined;
    if (asks && this.#output.interactive && (await this.#cancels())) return 'cancel';
    // A script must not take it for the end of the run.
    process.exitCode = 128 + constants.signals[signal];
    return 'detach';
  }

  async #cancels(): Promise<boolean> {
    this.#output.clear();
    const answer = await ask('Detach (the run goes on) or cancel it? [D/c] ');
    return /^c(ancel)?$/i.test(answer);
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
