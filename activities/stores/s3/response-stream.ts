import { Readable } from 'node:stream';
import type { AnswerBody } from '../../http/answer-body.ts';

/** An answer's body as the SDK takes it. Whoever reads much takes `chunks` instead, and spares the stream's cost. */
export class ResponseStream extends Readable {
  readonly chunks: AnswerBody;

  constructor(chunks: AnswerBody) {
    super();
    this.chunks = chunks;
  }

  override _read(): void {
    this.chunks.next().then(
      ({ done, value }) => this.push(done ? null : value),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    void this.chunks.return();
    callback(error);
  }
}

/** The bytes of what the SDK gives out: the answer's own, unless it put a check of its own in between. */
export function chunksOf(body: Readable): AsyncIterator<Uint8Array> {
  return body instanceof ResponseStream ? body.chunks : body[Symbol.asyncIterator]();
}
