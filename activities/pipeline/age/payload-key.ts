import { hkdfSync } from 'node:crypto';

/** age v1: the payload's key is derived from the file key in the header and a nonce that follows the header. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

export const PAYLOAD_NONCE_BYTES = 16;
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const CIPHER = 'chacha20-poly1305';

/** The nonce of each chunk: a counter in 11 bytes, then 1 for the last chunk, so that neither order nor end can change unseen. */
export class ChunkNonce {
  readonly #bytes = Buffer.alloc(12);
  #counter = 0;

  next(last: boolean): Buffer {
    // 2^48 chunks of 64 KiB are more than any store holds; the upper bytes stay zero.
    this.#bytes.writeUIntBE(this.#counter++, 5, 6);
    this.#bytes[11] = last ? 1 : 0;
    return this.#bytes;
  }
}
