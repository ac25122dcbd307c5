import { createHash } from 'node:crypto';

/** Length and SHA-256 of the bytes that pass. */
export class Digest {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #hex: string | undefined;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Ends the digest; may be asked for again. */
  get sha256(): string {
    this.#hex ??= this.#hash.digest('hex');
    return this.#hex;
  }
}

/** The same chunks, each counted in the digest before it is passed on. */
export async function* measured(
  source: AsyncIterable<Uint8Array>,
  digest: Digest,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    digest.update(chunk);
    yield chunk;
  }
}
