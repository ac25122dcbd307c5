import type { StallWatch } from '../stall-watch.ts';
import type { AnswerBody } from './answer-body.ts';

/** The chunks of a body, with the other side's silences watched and failures translated. */
export class WatchedBody implements AsyncIterator<Uint8Array, undefined> {
  readonly #body: AnswerBody;
  readonly #watch: StallWatch;
  readonly #done: () => void;
  readonly #translate: (error: unknown) => unknown;

  /**
   * @param watch touched while it is the other side's turn, and stopped with the body
   * @param done told when nothing more will be read
   */
  constructor(
    body: AnswerBody,
    watch: StallWatch,
    done: () => void,
    translate: (error: unknown) => unknown,
  ) {
    this.#body = body;
    this.#watch = watch;
    this.#done = done;
    this.#translate = translate;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    // What is here already takes no time of the other side's.
    return this.#body.holdsChunk ? this.#body.next() : this.#wait();
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end();
    return this.#body.return();
  }

  async #wait(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#watch.touch();
    try {
      const result = await this.#body.next();
      if (result.done) this.#end();
      return result;
    } catch (error) {
      this.#end();
      throw this.#translate(error);
    } finally {
      this.#watch.pause();
    }
  }

  #end(): void {
    this.#watch.stop();
    this.#done();
  }
}
