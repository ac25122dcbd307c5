import { createHash, randomBytes } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { HoldfastError } from '../../failure.ts';
import { PAYLOAD_NONCE_BYTES, payloadKey } from './payload-key.ts';
import { sealPayload, sealableBytes } from './seal-payload.ts';

/** Encrypts objects for a fixed set of recipients, as age v1 files: `age -d` opens each by itself. */
export interface Sealer {
  /** What the manifest says of the recipients: `fingerprint` of each, in the order of the configuration. */
  readonly fingerprints: string[];
  /** Proves each recipient usable, before the first byte. @throws ENCRYPTION_UNUSABLE naming the recipient */
  selfTest(): Promise<void>;
  /** A new age file, with a key of its own. @throws ENCRYPTION_UNUSABLE */
  begin(): Promise<Seal>;
}

/** One age file in the making: one object. */
export interface Seal {
  /** The most plain bytes with which the whole file is at most `limit` bytes long. */
  capacity(limit: number): number;
  /** The whole file. To be called once: a second stream under the same key would give both away. */
  apply(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Does no work yet; `selfTest` says whether the recipients are usable. @param recipients `age1…` */
export async function createSealer(recipients: string[]): Promise<Sealer> {
  return {
    fingerprints: recipients.map(fingerprint),
    async selfTest() {
      if (recipients.length === 0) {
        throw new HoldfastError('ENCRYPTION_UNUSABLE', 'Encryption is on, but has no recipient.');
      }
      for (const [index, recipient] of recipients.entries()) {
        await sealFor([recipient], `${describe(recipient)} (number ${index + 1})`);
      }
    },
    begin: () => sealFor(recipients, recipients.map(describe).join(', ')),
  };
}

/** The first 16 hex digits of the SHA-256 of the recipient's text: tells recipients apart, and a changed set from an unchanged. */
export function fingerprint(recipient: string): string {
  return createHash('sha256').update(recipient).digest('hex').slice(0, 16);
}

async function sealFor(recipients: string[], names: string): Promise<Seal> {
  try {
    const { header, fileKey } = await createHeader(recipients);
    return createSeal(header, fileKey);
  } catch (cause) {
    throw new HoldfastError(
      'ENCRYPTION_UNUSABLE',
      `The encryption recipient ${names} is not usable: ${reasonOf(cause)}.`,
    );
  }
}

/**
 * Headers are typage's work. It encrypts a payload too, but ten times slower than Node's own cipher and without giving
 * way to anything else; so it encrypts nothing, and its file key is noted by a recipient that adds no stanza.
 */
async function createHeader(
  recipients: string[],
): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  if (recipients.length === 0) throw new Error('there is none');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  let fileKey: Uint8Array | undefined;
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const file = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
  const end = file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1;
  if (fileKey === undefined || end <= 0) throw new Error('no header came of it');
  return { header: file.subarray(0, end), fileKey };
}

function createSeal(header: Uint8Array, fileKey: Uint8Array): Seal {
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  const preamble = Buffer.concat([header, nonce]);
  let used = false;
  return {
    capacity: (limit) => Math.max(0, sealableBytes(limit - preamble.length)),
    async *apply(source) {
      if (used) throw new HoldfastError('INTERNAL', 'A seal was used for a second stream.');
      used = true;
      yield preamble;
      yield* sealPayload(source, payloadKey(fileKey, nonce));
    },
  };
}

/** A public key is no secret; but what was put in its place by mistake may be one. */
function describe(recipient: string): string {
  return recipient.startsWith('age1') ? `"${recipient.slice(0, 80)}"` : 'that is no age1… key';
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be encrypted for';
}
