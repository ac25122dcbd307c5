import { Decrypter } from 'age-encryption';
import type { Secret } from '../../secrets.ts';
import { HoldfastError } from '../../failure.ts';
import { AgeFault } from './age-fault.ts';
import { readHeader } from './read-header.ts';
import { openPayload } from './open-payload.ts';
import { payloadKey } from './payload-key.ts';

/** Decrypts age v1 files with the identities of this host. */
export interface Opener {
  /** The plain bytes of one age file. @throws AgeFault when it is damaged, or written for other identities */
  open(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/**
 * @param identity as age's own key files: one `AGE-SECRET-KEY-…` per line, empty lines and lines with `#` ignored
 * @throws IDENTITY_MISSING when it holds none, or one that cannot be read
 */
export async function createOpener(identity: Secret): Promise<Opener> {
  const decrypter = new Decrypter();
  const lines = identity.reveal().split(/\r?\n/);
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    try {
      decrypter.addIdentity(text);
      count++;
    } catch {
      // Neither the line nor the library's words about it: both may hold the key.
      throw new HoldfastError(
        'IDENTITY_MISSING',
        `Line ${index + 1} of the encryption identity is no age identity (AGE-SECRET-KEY-…).`,
      );
    }
  }
  if (count === 0) {
    throw new HoldfastError('IDENTITY_MISSING', 'The encryption identity holds no age identity.');
  }
  return { open: (source) => openFile(source, decrypter) };
}

async function* openFile(
  source: AsyncIterable<Uint8Array>,
  decrypter: Decrypter,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const { header, nonce, rest } = await readHeader(iterator);
    const fileKey = await fileKeyOf(header, decrypter);
    yield* openPayload(rest, payloadKey(fileKey, nonce));
  } finally {
    await iterator.return?.();
  }
}

async function fileKeyOf(header: Uint8Array, decrypter: Decrypter): Promise<Uint8Array> {
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    const strange = cause instanceof Error && cause.message.startsWith('no identity matched');
    throw strange
      ? new AgeFault('no identity', 'is encrypted for other identities than those given here')
      : new AgeFault('damaged', 'has an age header that is not sound', { cause });
  }
}
