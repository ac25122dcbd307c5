import type { Store } from '../stores/store.ts';
import { AgeFault } from './age/age-fault.ts';
import type { Opener } from './age/opener.ts';
import { Digest, measured } from './digest.ts';

/** One object while it is read: its digests are whole when `plain` has ended. */
export interface ObjectReading {
  stored: Digest;
  /** The same as `stored` when it is not encrypted. */
  plain: Digest;
  /** Decrypted where there is an opener. @throws AgeFault, after the whole object was hashed; STORE_*, OBJECT_MISSING */
  bytes: AsyncIterable<Uint8Array>;
}

/** @param opener given for an encrypted object, when it is to be decrypted */
export function readObject(
  store: Store,
  key: string,
  opener: Opener | undefined,
  signal: AbortSignal,
): ObjectReading {
  const stored = new Digest();
  const plain = opener ? new Digest() : stored;
  const bytes = opener
    ? decrypted(store.read(key, { signal }), opener, stored, plain)
    : measured(store.read(key, { signal }), stored);
  return { stored, plain, bytes };
}

async function* decrypted(
  source: AsyncIterable<Uint8Array>,
  opener: Opener,
  stored: Digest,
  plain: Digest,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async () => {
    const result = await iterator.next();
    if (!result.done) stored.update(result.value);
    return result;
  };
  try {
    // Without `return`: what cannot be decrypted is still read to its end below.
    for await (const chunk of opener.open({ [Symbol.asyncIterator]: () => ({ next }) })) {
      plain.update(chunk);
      yield chunk;
    }
  } catch (error) {
    // Only the hash of the whole object tells an object for other keys from a damaged one.
    if (error instanceof AgeFault) while (!(await next()).done);
    throw error;
  } finally {
    await iterator.return?.();
  }
}
