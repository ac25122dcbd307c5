import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chunkFault } from '../../activities/products/weaviate/chunk-fault.ts';
import { matches, selectClasses } from '../../activities/products/weaviate/glob.ts';
import { ObjectDigest } from '../../activities/products/weaviate/object-digest.ts';
import { startRefusal } from '../../activities/products/weaviate/start-refusal.ts';
import { Tally } from '../../activities/products/weaviate/tally.ts';
import { isSince, readVersion } from '../../activities/products/weaviate/version.ts';
import type { Store } from '../../activities/stores/store.ts';

describe('a version of Weaviate', () => {
  test.each([
    ['1.35.17', true],
    ['1.35.16', false],
    ['1.36.10', true],
    ['1.36.9', false],
    ['1.37.0', true],
    ['1.40.0-dev', true],
    ['1.34.99', false],
    ['2.0.0', true],
    ['nightly', true],
  ])('%s has what came with 1.35.17, 1.36.10 and 1.37.0: %s', (text, expected) => {
    expect(isSince(readVersion(text), ['1.35.17', '1.36.10', '1.37.0'])).toBe(expected);
  });
});

describe('a refusal to begin', () => {
  const refused = (message: string, { status = 422, version = '1.38.11', elapsedMs = 0 } = {}) =>
    startRefusal(
      { status, message },
      { server: 'Weaviate', operation: 'beginning', version: readVersion(version), elapsedMs },
    ).code;

  test.each([
    ['backup "x" already exists at "s3://b/x"', 'JOB_NAME_TAKEN'],
    ['check if backup "x" exists at "s3://b/x": %!w(<nil>)', 'JOB_NAME_TAKEN'],
    ['check if backup "x" exists at "s3://b/x": dial tcp: connection refused', 'TARGET_ERROR'],
    ['find backup s3://b/x: dial tcp: connection refused', 'TARGET_ERROR'],
    ['resolve base backup chain: could not fetch base backup: timeout', 'TARGET_ERROR'],
    ['resolve base backup chain: base backup y is not successful', 'TARGET_REFUSED'],
    ['backup y already in progress', 'TARGET_BUSY'],
    ['restoration y already in progress', 'TARGET_BUSY'],
    ['backup blocked: runtime-reindex in flight on this shard', 'TARGET_BUSY'],
    ["class X doesn't exist", 'TARGET_REFUSED'],
    ['something that nobody has ever read', 'TARGET_REFUSED'],
  ])('of 422 with %s is %s', (message, code) => {
    expect(refused(message)).toBe(code);
  });

  test.each([
    ['node "n": cannot commit : backup y already in progress', 'TARGET_BUSY'],
    ['init uploader: failed to access-check s3 backup module: Access Denied.', 'TARGET_REFUSED'],
    ['init uploader: failed to access-check s3 backup module: i/o timeout', 'TARGET_ERROR'],
    ['coordinator: cannot init meta file', 'TARGET_ERROR'],
  ])('of 500 with %s is %s', (message, code) => {
    expect(refused(message, { status: 500 })).toBe(code);
  });

  test('may pass on servers that say 422 of everything, for ten minutes', () => {
    const message = 'coordinator: cannot init meta file: broken pipe';
    expect(refused(message, { version: '1.38.1' })).toBe('TARGET_ERROR');
    expect(refused(message, { version: '1.38.1', elapsedMs: 700_000 })).toBe('TARGET_REFUSED');
    expect(refused('invalid backup id', { version: '1.38.1' })).toBe('TARGET_REFUSED');
    expect(refused(message, { version: '1.38.2' })).toBe('TARGET_REFUSED');
  });
});

describe('the digest of an object', () => {
  const digest = (object: Parameters<ObjectDigest['of']>[0]) =>
    new ObjectDigest('without links').of(object).toString('hex');
  const object = {
    id: '00000000-0000-4000-8000-000000000001',
    properties: { a: 1, b: { c: [1, { d: null }], e: 'x' } },
    vector: [0.1, 0.2],
    vectors: { one: [1, 2], two: [[1], [2]] },
  };

  test('does not depend on the order of keys, nor on how a float of 32 bits is printed', () => {
    const other = {
      vectors: { two: [[1], [2]], one: [1, 2] },
      vector: [0.10000000149011612, 0.20000000298023224],
      properties: { b: { e: 'x', c: [1, { d: null }] }, a: 1 },
      id: object.id,
    };
    expect(digest(other)).toBe(digest(object));
  });

  test.each([
    ['its id', { id: '00000000-0000-4000-8000-000000000002' }],
    ['a property', { properties: { ...object.properties, a: 2 } }],
    ['a nested property', { properties: { a: 1, b: { c: [1, { d: 0 }], e: 'x' } } }],
    ['its vector', { vector: [0.1, 0.20001] }],
    ['a named vector', { vectors: { ...object.vectors, one: [1, 3] } }],
    ['the name of a vector', { vectors: { uno: [1, 2], two: [[1], [2]] } }],
    ['how a vector is divided', { vectors: { one: [1, 2], two: [[1, 2]] } }],
  ])('is another for %s', (_, change) => {
    expect(digest({ ...object, ...change })).not.toBe(digest(object));
  });
});

describe('the tally of many objects', () => {
  const objects = Array.from({ length: 1_000 }, (_, number) => {
    const hash = createHash('sha256').update(String(number)).digest();
    const hex = hash.toString('hex');
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    return { id, digest: hash.subarray(16) };
  });
  const tally = (list: typeof objects, parts = 256) => {
    const made = new Tally(parts);
    for (const { id, digest } of list) made.add(id, digest);
    return made;
  };

  test('is the same in any order, and counts', () => {
    expect(tally(objects.toReversed()).parts()).toEqual(tally(objects).parts());
    expect(tally(objects).count).toBe(1_000);
  });

  test('tells one object that is missing, doubled or exchanged', () => {
    const whole = tally(objects, 1).parts();
    const [first, second] = objects;
    if (!first || !second) throw new Error('There are objects.');
    expect(tally(objects.slice(1), 1).parts()).not.toEqual(whole);
    expect(tally([...objects, first, first], 1).parts()).not.toEqual(whole);
    expect(tally([...objects.slice(1), second], 1).parts()).not.toEqual(whole);
  });

  test('keeps a change in its own part, for ids that are random, counted or times', () => {
    const [changed = ''] = tally(objects.slice(1))
      .parts()
      .filter((part, at) => part !== tally(objects).parts()[at]);
    expect(changed).not.toBe('');
    const counted = Array.from({ length: 1_024 }, (_, n) => ({
      id: `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}`,
      digest: Buffer.alloc(16),
    }));
    expect(
      tally(counted)
        .parts()
        .every((part) => part.startsWith('4:')),
    ).toBe(true);
  });
});

/** 64 bytes that do not compress. */
const digestOf = (n: number) => createHash('sha512').update(String(n)).digest();

function faultOf(bytes: Buffer): Promise<string | undefined> {
  const store = {
    async *read(
      _: string,
      { start = 0, end = bytes.length }: { start?: number; end?: number } = {},
    ) {
      yield bytes.subarray(start, end);
    },
  };
  return chunkFault(
    store as unknown as Store,
    { key: 'x/node1/Article/chunk-1', bytes: bytes.length },
    new AbortController().signal,
  );
}

describe('a chunk', () => {
  const content = Array.from({ length: 160 }, (_, n) => digestOf(n));
  const tar = Buffer.concat([...content, Buffer.alloc(1_024)]);
  const zstd = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(100, 1)]);

  test.each([
    ['gzip', gzipSync(tar)],
    ['no compression', tar],
    ['zstd', zstd],
  ])('of %s is whole', async (_, bytes) => {
    expect(await faultOf(bytes)).toBeUndefined();
  });

  test.each([
    ['is empty', Buffer.alloc(0)],
    ['lost the end of its gzip', gzipSync(tar).subarray(0, -10)],
    ['lost all but the header of its gzip', gzipSync(tar).subarray(0, 12)],
    ['lost the end of its tar', tar.subarray(0, -700)],
    ['lost the last blocks of its tar', tar.subarray(0, -1_024)],
  ])('is not whole when it %s', async (_, bytes) => {
    expect(await faultOf(bytes)).toBeTypeOf('string');
  });
});

test('a small chunk is found cut also where its last bytes look like a length', () => {
  // The highest byte of the checksum stands before the length, and is taken for its lowest when the last one is cut.
  const deceptive = (n: number) => gzipSync(Buffer.concat([digestOf(n), Buffer.alloc(2_048 - 64)]));
  let whole = deceptive(0);
  for (let n = 1; whole.at(-5) !== 0; n += 1) whole = deceptive(n);
  const cut = whole.subarray(0, -1);
  expect(cut.readUInt32LE(cut.length - 4) % 512).toBe(0);
  return Promise.all([
    expect(faultOf(whole)).resolves.toBeUndefined(),
    expect(faultOf(cut)).resolves.toBe('is cut off'),
  ]);
});

describe('wildcards', () => {
  test('are those of the server', () => {
    expect(matches('Art*', 'Article')).toBe(true);
    expect(matches('A??', 'Abc')).toBe(true);
    expect(matches('A.c', 'Abc')).toBe(false);
    expect(selectClasses(['A', 'B', 'Bc'], { exclude: ['B*'] })).toEqual(['A']);
    expect(selectClasses(['A', 'B', 'Bc'], { include: ['B', '?'] })).toEqual(['A', 'B']);
  });
});
