import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { expect, test } from 'vitest';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { createSealer, fingerprint } from '../../activities/pipeline/age/sealer.ts';
import { Secret } from '../../activities/secrets.ts';
import { bytesOf, collect, inChunks } from './streams.ts';

const CHUNK = 65_536;
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const sealer = await createSealer([recipient]);
const opener = await createOpener(new Secret(identity));

const seal = async (plain: Uint8Array, chunk = 50_000) =>
  collect((await sealer.begin()).apply(inChunks(plain, chunk)));
const open = (file: Uint8Array, chunk = 40_000) => collect(opener.open(inChunks(file, chunk)));

async function openedByTypage(file: Uint8Array): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(file));
}

async function sealedByTypage(plain: Uint8Array): Promise<Buffer> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(plain));
}

const payloadStart = (file: Buffer) => file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1 + 16;

test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])(
  'another age opens what it seals, and it opens what another age seals: %i bytes',
  async (length) => {
    const plain = bytesOf(length);
    expect((await openedByTypage(await seal(plain))).equals(plain)).toBe(true);
    expect((await open(await sealedByTypage(plain))).equals(plain)).toBe(true);
  },
);

test('chunks of any size give a file that opens', async () => {
  const plain = bytesOf(2 * CHUNK);
  for (const chunk of [1, 4095, CHUNK, CHUNK + 1, 10 * CHUNK]) {
    const file = await seal(plain, chunk);
    expect((await open(file, chunk)).equals(plain)).toBe(true);
  }
});

test('each object has a key of its own', async () => {
  const plain = bytesOf(100);
  const [first, second] = [await seal(plain), await seal(plain)];
  expect(first.subarray(-116).equals(second.subarray(-116))).toBe(false);
});

test('a seal refuses a second stream', async () => {
  const once = await sealer.begin();
  await collect(once.apply(inChunks(bytesOf(1), 1)));
  await expect(collect(once.apply(inChunks(bytesOf(1), 1)))).rejects.toMatchObject({
    code: 'INTERNAL',
  });
});

test('says exactly how much fits into an object', async () => {
  for (const limit of [400, 1000, CHUNK, CHUNK + 250, 3 * CHUNK, 200_017]) {
    const once = await sealer.begin();
    const capacity = once.capacity(limit);
    const full = await collect(once.apply(inChunks(bytesOf(capacity), CHUNK)));
    expect(full.length).toBeLessThanOrEqual(limit);
    const more = await seal(bytesOf(capacity + 1));
    expect(more.length).toBeGreaterThan(limit);
  }
});

test('opens with any of several identities in a key file with comments', async () => {
  const other = await generateHybridIdentity();
  const file = `# created: today\n\n${other}\r\n# public key: ${recipient}\n  ${identity}\n`;
  const several = await createOpener(new Secret(file));
  const plain = bytesOf(10);
  expect(await collect(several.open(inChunks(await seal(plain), 100)))).toEqual(plain);
  const hybrid = await createSealer([recipient, await identityToRecipient(other)]);
  await hybrid.selfTest();
  const sealed = await collect((await hybrid.begin()).apply(inChunks(plain, 3)));
  expect(await open(sealed)).toEqual(plain);
});

test('refuses an identity that is none, without showing it', async () => {
  const secret = 'AGE-SECRET-KEY-1NOTAKEYATALL';
  await expect(createOpener(new Secret(`# mine\n${secret}`))).rejects.toMatchObject({
    code: 'IDENTITY_MISSING',
    message: 'Line 2 of the encryption identity is no age identity (AGE-SECRET-KEY-…).',
  });
  await expect(createOpener(new Secret('# nothing\n'))).rejects.toMatchObject({
    code: 'IDENTITY_MISSING',
  });
});

test('tells a file for other identities from a damaged one', async () => {
  const other = await createOpener(new Secret(await generateX25519Identity()));
  await expect(collect(other.open(inChunks(await seal(bytesOf(10)), 100)))).rejects.toMatchObject({
    name: 'AgeFault',
    kind: 'no identity',
  });
});

test('the self-test names the recipient that cannot be used, and never shows an identity', async () => {
  await expect(sealer.selfTest()).resolves.toBeUndefined();
  const broken = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
  await expect((await createSealer([recipient, broken])).selfTest()).rejects.toMatchObject({
    code: 'ENCRYPTION_UNUSABLE',
    message: expect.stringContaining(`"${broken}" (number 2)`),
  });
  await expect((await createSealer([])).selfTest()).rejects.toMatchObject({
    code: 'ENCRYPTION_UNUSABLE',
  });
  const mistaken = await createSealer([identity]);
  const error = await mistaken.selfTest().catch((caught: Error) => caught);
  expect(error).toMatchObject({ code: 'ENCRYPTION_UNUSABLE' });
  expect(String(error)).not.toContain(identity.slice(0, 24));
});

test('a fingerprint is short, stable and of one recipient', async () => {
  expect(sealer.fingerprints).toEqual([fingerprint(recipient)]);
  expect(fingerprint(recipient)).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint('age1a')).not.toBe(fingerprint('age1b'));
});

test('refuses a file that is cut anywhere, and gives out nothing unverified', async () => {
  const plain = bytesOf(2 * CHUNK + 100);
  const file = await seal(plain);
  const start = payloadStart(file);
  const sealedChunk = CHUNK + 16;
  const cuts = [
    0,
    1,
    20,
    start - 17,
    start - 16,
    start - 1,
    start,
    start + 1,
    start + 15,
    start + 16,
    start + CHUNK,
    start + sealedChunk,
    start + sealedChunk + 1,
    start + sealedChunk + 16,
    start + 2 * sealedChunk,
    start + 2 * sealedChunk + 16,
    file.length - 1,
  ];
  for (const cut of cuts) {
    const given: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of opener.open(inChunks(file.subarray(0, cut), 10_000))) {
        given.push(chunk);
      }
    })();
    await expect(reading, `cut at ${cut}`).rejects.toMatchObject({ name: 'AgeFault' });
    const out = Buffer.concat(given);
    expect(out.equals(plain.subarray(0, out.length)), `cut at ${cut}`).toBe(true);
    expect(out.length % CHUNK).toBe(0);
  }
});

test('refuses a flipped bit in every region', async () => {
  const file = await seal(bytesOf(2 * CHUNK + 100));
  const start = payloadStart(file);
  const places = {
    version: 3,
    stanza: file.indexOf('-> X25519') + 12,
    'header mac': start - 20,
    nonce: start - 8,
    'first chunk': start,
    'tag of the first chunk': start + CHUNK,
    'middle chunk': start + CHUNK + 16 + 77,
    'last chunk': start + 2 * (CHUNK + 16) + 1,
    'last tag': file.length - 1,
  };
  for (const [place, at] of Object.entries(places)) {
    const flipped = Buffer.from(file);
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    await expect(open(flipped), place).rejects.toMatchObject({ name: 'AgeFault' });
  }
});

test('refuses swapped, repeated and added chunks', async () => {
  const file = await seal(bytesOf(3 * CHUNK));
  const start = payloadStart(file);
  const [head, a, b, c] = [
    file.subarray(0, start),
    file.subarray(start, start + CHUNK + 16),
    file.subarray(start + CHUNK + 16, start + 2 * (CHUNK + 16)),
    file.subarray(start + 2 * (CHUNK + 16)),
  ];
  for (const chunks of [
    [b, a, c],
    [a, a, b, c],
    [a, c],
    [a, b, c, c],
    [a, b, c, Buffer.alloc(1)],
  ]) {
    const forged = Buffer.concat([head, ...chunks]);
    await expect(open(forged)).rejects.toMatchObject({ kind: 'damaged' });
  }
});

test('a header without an end does not fill the memory', async () => {
  const endless = Buffer.concat([
    Buffer.from('age-encryption.org/v1\n'),
    Buffer.alloc(1 << 20, 65),
  ]);
  await expect(open(endless)).rejects.toThrow('without an end');
});
