import { createHash } from 'node:crypto';

/** Bytes that look random and are the same in every run. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    bytes[i] = state & 0xff;
  }
  return bytes;
}

export async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Sends the bytes, then nothing more for ever; notes whether it was told to close. */
export function stalling(bytes: Uint8Array): AsyncIterable<Uint8Array> & { closed: boolean } {
  let sent = false;
  const stream = {
    closed: false,
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (sent) return new Promise<never>(() => undefined);
        sent = true;
        return Promise.resolve({ done: false as const, value: bytes });
      },
      return: () => {
        stream.closed = true;
        return new Promise<never>(() => undefined);
      },
    }),
  };
  return stream;
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
