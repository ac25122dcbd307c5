import { createCipheriv } from 'node:crypto';
import { ChunkSlices } from './chunk-slices.ts';
import { CHUNK_BYTES, CIPHER, ChunkNonce, TAG_BYTES } from './payload-key.ts';

/** Encrypts a stream as the payload of an age file. Tags are chunks of their own: joining them would copy everything. */
export async function* sealPayload(
  source: AsyncIterable<Uint8Array>,
  key: Buffer,
): AsyncGenerator<Uint8Array> {
  const chunks = new ChunkSlices(CHUNK_BYTES);
  const nonce = new ChunkNonce();
  for await (const input of source) {
    for (const slices of chunks.push(input)) yield* sealChunk(slices, key, nonce.next(false));
  }
  yield* sealChunk(chunks.take(), key, nonce.next(true));
}

function* sealChunk(slices: Uint8Array[], key: Buffer, nonce: Buffer): Generator<Uint8Array> {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  for (const slice of slices) yield cipher.update(slice);
  cipher.final();
  yield cipher.getAuthTag();
}

/** The most bytes of plain text whose payload fits into `limit` bytes. */
export function sealableBytes(limit: number): number {
  const sealedChunk = CHUNK_BYTES + TAG_BYTES;
  const full = Math.floor(limit / sealedChunk);
  const rest = limit - full * sealedChunk;
  return full * CHUNK_BYTES + Math.max(0, rest - TAG_BYTES);
}
