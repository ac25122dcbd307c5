import { createDecipheriv } from 'node:crypto';
import { AgeFault } from './age-fault.ts';
import { ChunkSlices } from './chunk-slices.ts';
import { CHUNK_BYTES, CIPHER, ChunkNonce, TAG_BYTES } from './payload-key.ts';

/**
 * Decrypts the payload of an age file. Nothing of a chunk comes out before its tag is verified, and the stream ends
 * well only after a chunk that is marked as the last.
 * @throws AgeFault
 */
export async function* openPayload(
  source: AsyncIterable<Uint8Array>,
  key: Buffer,
): AsyncGenerator<Uint8Array> {
  const chunks = new ChunkSlices(CHUNK_BYTES + TAG_BYTES);
  const nonce = new ChunkNonce();
  let index = 0;
  for await (const input of source) {
    for (const slices of chunks.push(input)) {
      yield* openChunk(slices, CHUNK_BYTES, key, nonce.next(false), index++);
    }
  }
  const bytes = chunks.bytes - TAG_BYTES;
  if (bytes < 0) throw new AgeFault('damaged', 'ends inside the last encrypted chunk');
  if (bytes === 0 && index > 0) throw new AgeFault('damaged', 'ends with an empty encrypted chunk');
  yield* openChunk(chunks.take(), bytes, key, nonce.next(true), index);
}

function openChunk(
  slices: Uint8Array[],
  bytes: number,
  key: Buffer,
  nonce: Buffer,
  index: number,
): Uint8Array[] {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const plain: Uint8Array[] = [];
  const tag = Buffer.alloc(TAG_BYTES);
  let at = 0;
  for (const slice of slices) {
    const body = slice.subarray(0, Math.max(0, bytes - at));
    if (body.length > 0) plain.push(decipher.update(body));
    if (body.length < slice.length) tag.set(slice.subarray(body.length), at + body.length - bytes);
    at += slice.length;
  }
  decipher.setAuthTag(tag);
  try {
    decipher.final();
  } catch (cause) {
    throw new AgeFault(
      'damaged',
      `was cut off or changed: its encrypted chunk ${index} fails its check`,
      { cause },
    );
  }
  return plain;
}
