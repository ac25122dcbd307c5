import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import type { ArtifactPlan, OpenArtifact } from '../../activities/products/product.ts';
import { artifactOf, backupFolder, storing } from './backup-folder.ts';
import { bytesOf } from './streams.ts';
import { END_MARK, tarArchive, tarEntry, tarHeader } from './tar-archive.ts';

const one = tarEntry({ name: 'a.tsm', body: bytesOf(1500) });
const two = tarEntry({ name: 'b.tsm', body: bytesOf(700, 2) });
const tar = Buffer.concat([one, two, END_MARK]);
const json = Buffer.from('{"code":"internal error","message":"open a.tsm: no such file"}');

interface Bad {
  bytes: Uint8Array;
  format?: ArtifactPlan['format'];
  codec?: OpenArtifact['codec'];
  plan?: Partial<ArtifactPlan>;
}

/** Nothing appears for bytes like these, in whatever pieces they come. */
async function refused(bad: Bad, code: string, message?: string | RegExp): Promise<void> {
  for (const chunk of [65_536, 512, 100]) {
    await using backup = await backupFolder();
    const artifact = artifactOf(bad.format ?? 'tar', bad.plan);
    const options = storing(backup.store, artifact, bad.bytes, {
      chunk,
      codec: bad.codec ?? 'identity',
    });
    const error = await storeArtifact(options).then(
      () => ({ code: 'stored' }),
      (caught: unknown) => caught,
    );
    expect(error, `in chunks of ${chunk}`).toMatchObject({
      code,
      message: expect.stringMatching(message ?? /telemetry\/shard 1/),
    });
    expect(await backup.objects()).toEqual([]);
  }
}

test.each([
  ['before the first byte', 0],
  ['inside the first header', 100],
  ['after the first header', 512],
  ['inside a body', 1000],
  ['at the end of a body', 512 + 1500],
  ['inside the padding', 512 + 1510],
  ['between two entries', one.length],
  ['inside a later header', one.length + 511],
  ['before the end mark', one.length + two.length],
  ['inside the first block of the end mark', one.length + two.length + 300],
  ['after one block of the end mark', one.length + two.length + 512],
  ['one byte before the end', tar.length - 1],
])('a tar cut %s is no backup', async (_where, cut) => {
  await refused({ bytes: tar.subarray(0, cut) }, 'SOURCE_TRUNCATED', /tar that ends/);
});

test.each([
  ['inside a body', tar.subarray(0, 900)],
  ['in place of a header', one],
  ['in place of the first header', new Uint8Array(0)],
  ['inside the end mark', tar.subarray(0, tar.length - 512)],
  ['after a whole tar', tar],
  ['after the end mark of an empty shard', END_MARK],
])('an error of the database %s is quoted', async (_where, before) => {
  await refused(
    { bytes: Buffer.concat([before, json]) },
    'SOURCE_TRUNCATED',
    /error of the database: "open a\.tsm: no such file"/,
  );
});

test('an error of the database inside a gzip that is whole is quoted too', async () => {
  const bytes = gzipSync(Buffer.concat([tar, json]));
  await refused({ bytes, codec: 'gzip' }, 'SOURCE_TRUNCATED', /no such file/);
});

test('bytes that are no tar are garbled', async () => {
  await refused({ bytes: bytesOf(5000) }, 'SOURCE_GARBLED', /where a header should be, at byte 0/);
  await refused(
    { bytes: Buffer.concat([one, bytesOf(100_000)]) },
    'SOURCE_GARBLED',
    /at byte 2048/,
  );
});

test('anything after the end mark is garbled, zeros included', async () => {
  await refused({ bytes: Buffer.concat([tar, Buffer.alloc(512)]) }, 'SOURCE_GARBLED', /end mark/);
  await refused({ bytes: Buffer.concat([tar, Buffer.alloc(1)]) }, 'SOURCE_GARBLED', /end mark/);
  await refused({ bytes: Buffer.concat([tar, tar]) }, 'SOURCE_GARBLED', /end mark/);
});

test('a flipped bit in any byte of a header is seen', async () => {
  await using backup = await backupFolder();
  for (let at = 0; at < 512; at += 1) {
    // The checksum field ends with bytes that nobody reads.
    if (at === 154 || at === 155) continue;
    const bytes = Buffer.from(tar);
    bytes[at] = (bytes[at] ?? 0) ^ 2;
    const storingIt = storeArtifact(storing(backup.store, artifactOf('tar'), bytes));
    await expect(storingIt, `byte ${at}`).rejects.toMatchObject({ code: 'SOURCE_GARBLED' });
  }
  expect(await backup.objects()).toEqual([]);
});

test('a lone block of zeros, a strange kind and an impossible header are garbled', async () => {
  await refused(
    { bytes: Buffer.concat([one, Buffer.alloc(512), two, END_MARK]) },
    'SOURCE_GARBLED',
    /single block of zeros/,
  );
  const sparse = tarHeader({ name: 's', size: 0, type: 'S' });
  await refused({ bytes: Buffer.concat([sparse, END_MARK]) }, 'SOURCE_GARBLED', /kind "S"/);
  const huge = tarHeader({ name: 'p', size: 2 ** 30, type: 'x' });
  await refused({ bytes: Buffer.concat([huge, END_MARK]) }, 'SOURCE_GARBLED', /impossible size/);
});

test('a gzip that is cut, changed or followed by something is no backup', async () => {
  const gzip = gzipSync(tarArchive([{ name: 'a', body: bytesOf(30_000) }]));
  const codec = 'gzip' as const;
  for (const cut of [0, 5, 10, 1000, gzip.length - 8, gzip.length - 1]) {
    await refused({ bytes: gzip.subarray(0, cut), codec }, 'SOURCE_TRUNCATED');
  }
  const flipped = Buffer.from(gzip);
  flipped[flipped.length - 6] = (flipped.at(-6) ?? 0) ^ 1;
  await refused({ bytes: flipped, codec }, 'SOURCE_GARBLED', /sound gzip/);
  const after = Buffer.concat([gzip, Buffer.alloc(3)]);
  await refused({ bytes: after, codec }, 'SOURCE_GARBLED', /followed by 3 bytes/);
  await refused({ bytes: Buffer.concat([gzip, bytesOf(50)]), codec }, 'SOURCE_GARBLED');
  await refused({ bytes: Buffer.concat([gzip, json]), codec }, 'SOURCE_TRUNCATED', /no such file/);
  await refused({ bytes: tar, codec }, 'SOURCE_GARBLED', /sound gzip/);
  await refused({ bytes: gzipSync(tar.subarray(0, 900)), codec }, 'SOURCE_TRUNCATED', /inside/);
});

function bolt(pages: number, pageSize = 4096): Buffer {
  const file = Buffer.alloc(pages * pageSize);
  file.writeUInt32LE(0xed0cdaed, 16);
  file.writeUInt32LE(2, 20);
  file.writeUInt32LE(pageSize, 24);
  file.writeBigUInt64LE(BigInt(pages), 56);
  return file;
}

function sqlite(pages: number, pageSize = 4096): Buffer {
  const file = Buffer.alloc(pages * pageSize);
  file.write('SQLite format 3\0');
  file.writeUInt16BE(pageSize === 65_536 ? 1 : pageSize, 16);
  file.writeUInt32BE(pages, 28);
  return file;
}

test('a whole bolt file, an sqlite file and bytes of the announced length are stored', async () => {
  for (const [format, bytes] of [
    ['bolt', bolt(5)],
    ['sqlite', sqlite(3)],
    ['sqlite', sqlite(2, 65_536)],
    ['bytes', bytesOf(10)],
  ] as const) {
    await using backup = await backupFolder();
    const artifact = artifactOf(format, { bytes: bytes.length });
    await storeArtifact(storing(backup.store, artifact, bytes));
    expect(await backup.objects()).toEqual([`data/x.${format}`]);
  }
});

test('a bolt file that is none, is cut, or ends in an error is no backup', async () => {
  const format = 'bolt';
  await refused({ format, bytes: bytesOf(8192) }, 'SOURCE_GARBLED', /bolt/);
  await refused({ format, bytes: bolt(5).subarray(0, 60) }, 'SOURCE_TRUNCATED');
  await refused({ format, bytes: bolt(5).subarray(0, 9000) }, 'SOURCE_TRUNCATED');
  await refused({ format, bytes: bolt(5).subarray(0, 4 * 4096) }, 'SOURCE_TRUNCATED', /need 20480/);
  const broken = Buffer.concat([bolt(5).subarray(0, 9000), json]);
  await refused({ format, bytes: broken }, 'SOURCE_TRUNCATED', /no such file/);
});

test('an sqlite file that is none, is cut, or too long is no backup', async () => {
  const format = 'sqlite';
  await refused({ format, bytes: bytesOf(8192) }, 'SOURCE_GARBLED', /sqlite/);
  await refused({ format, bytes: sqlite(3).subarray(0, 99) }, 'SOURCE_TRUNCATED');
  await refused({ format, bytes: sqlite(3).subarray(0, 8192) }, 'SOURCE_TRUNCATED', /3 pages/);
  const long = Buffer.concat([sqlite(3), Buffer.alloc(4096)]);
  await refused({ format, bytes: long }, 'SOURCE_GARBLED', /3 pages/);
  const broken = Buffer.concat([sqlite(3).subarray(0, 5000), json]);
  await refused({ format, bytes: broken }, 'SOURCE_TRUNCATED', /no such file/);
});

test('bytes are measured by the announced length', async () => {
  const format = 'bytes';
  const plan = { bytes: 100 };
  await refused({ format, plan, bytes: bytesOf(99) }, 'SOURCE_TRUNCATED', /99 of the 100/);
  await refused({ format, plan, bytes: bytesOf(0) }, 'SOURCE_TRUNCATED');
  await refused({ format, plan, bytes: bytesOf(101) }, 'SOURCE_GARBLED', /longer than/);
});
