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

/** A source that keeps silent after its bytes; `silent` resolves when somebody waits for more of it. */
export interface Stalling extends AsyncIterable<Uint8Array> {
  /** It was told to close. */
  closed: boolean;
  silent: Promise<void>;
}

export function stalling(bytes: Uint8Array): Stalling {
  let sent = false;
  const { promise: silent, resolve: keepSilent } = deferred();
  const stream = {
    closed: false,
    silent,
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (sent) {
          keepSilent();
          return new Promise<never>(() => undefined);
        }
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

export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
