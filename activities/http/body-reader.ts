import type { Readable } from 'node:stream';

/**
 * The chunks of a readable stream, as they are. A generator over the stream's own iterator would be shorter, and costs
 * a fifth of the processor time of a long download.
 */
export class BodyReader implements AsyncIterator<Uint8Array, undefined> {
  readonly #stream: Readable;
  readonly #on: BodyEvents;
  #waiting: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(stream: Readable, on: BodyEvents) {
    this.#stream = stream;
    this.#on = on;
    const wake = () => {
      this.#waiting?.();
    };
    stream.on('readable', wake);
    stream.on('end', () => {
      this.#ended = true;
      wake();
    });
    stream.on('error', (error) => {
      this.#error ??= error;
      wake();
    });
    stream.on('close', () => {
      if (!this.#ended) this.#error ??= new Error('the connection was closed');
      wake();
    });
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#stream.read() as Uint8Array | null;
    if (chunk !== null) return Promise.resolve({ done: false, value: chunk });
    return this.#wait();
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#on.done();
    this.#stream.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  async #wait(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#on.waiting();
    try {
      for (;;) {
        const chunk = this.#stream.read() as Uint8Array | null;
        if (chunk !== null) return { done: false, value: chunk };
        if (this.#error !== undefined) {
          this.#on.done();
          this.#stream.destroy();
          throw this.#on.failure(this.#error);
        }
        if (this.#ended) {
          this.#on.done();
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => (this.#waiting = resolve));
        this.#waiting = undefined;
      }
    } finally {
      this.#on.moved();
    }
  }
}

export interface BodyEvents {
  /** It is the other side's turn. */
  waiting(): void;
  /** It is ours. */
  moved(): void;
  /** Nothing more will be read. */
  done(): void;
  failure(error: unknown): unknown;
}
