import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { walkTar } from '../../activities/pipeline/tar/walk-tar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { bytesOf, inChunks, sha256 } from './streams.ts';
import { END_MARK, padded, paxRecord, tarArchive, tarEntry, tarHeader } from './tar-archive.ts';

const subject = 'telemetry/shard 1';
const body = bytesOf(1300);
const entry = (name: string, bytes: Uint8Array = body) => ({
  name,
  bytes: bytes.length,
  sha256: sha256(bytes),
});

async function walked(tar: Uint8Array) {
  const results = [];
  for (const chunk of [1, 100, 512, 1_000_000]) {
    results.push(await walkTar(inChunks(tar, chunk), { subject }));
  }
  expect(results.slice(1)).toEqual([results[0], results[0], results[0]]);
  return results[0];
}

const extended = (type: string, content: string | Buffer) => {
  const bytes = Buffer.from(content);
  return Buffer.concat([tarHeader({ name: 'ext', size: bytes.length, type }), padded(bytes)]);
};

test('reads names with a prefix, GNU long names and PAX names', async () => {
  const long = `${'d'.repeat(150)}/${'ü'.repeat(60)}`;
  const tar = Buffer.concat([
    tarHeader({ name: 'x.tsm', prefix: 'bucket/autogen', size: body.length }),
    padded(body),
    extended('L', `${long}\0`),
    tarEntry({ name: long.slice(0, 99), body }),
    extended('x', paxRecord('mtime', '1.5') + paxRecord('path', long)),
    tarEntry({ name: 'short', body }),
    tarEntry({ name: 'after', body }),
    END_MARK,
  ]);
  expect(await walked(tar)).toEqual([
    entry('bucket/autogen/x.tsm'),
    entry(long),
    entry(long),
    entry('after'),
  ]);
});

test('reads sizes in base-256 and in PAX', async () => {
  const tar = Buffer.concat([
    tarHeader({ name: 'a', size: body.length, base256: true }),
    padded(body),
    extended('x', paxRecord('size', String(body.length))),
    tarHeader({ name: 'b', size: 0 }),
    padded(body),
    END_MARK,
  ]);
  expect(await walked(tar)).toEqual([entry('a'), entry('b')]);
});

test('passes over folders, links and global headers', async () => {
  const tar = Buffer.concat([
    extended('g', paxRecord('comment', 'x')),
    tarHeader({ name: 'folder/', size: 0, type: '5' }),
    tarHeader({ name: 'link', size: 0, type: '2' }),
    tarEntry({ name: 'a', body }),
    END_MARK,
  ]);
  expect(await walked(tar)).toEqual([entry('a')]);
});

test('a PAX header that cannot be read is garbled', async () => {
  for (const content of ['x', '5 abc', '99 path=a\n', '11 size=-1\n', '0 a=b\n', '7 pathb\n']) {
    const tar = Buffer.concat([extended('x', content), tarEntry({ name: 'a', body }), END_MARK]);
    const walk = walkTar(inChunks(tar, 100), { subject });
    await expect(walk, content).rejects.toMatchObject({ code: 'SOURCE_GARBLED' });
  }
});

test.each(['ustar', 'gnu', 'pax', 'v7'])(
  'reads what tar writes in the format %s',
  async (format) => {
    await using folder = await temporaryFolder('tar');
    const deep = format === 'v7' ? 'a' : `${'a'.repeat(60)}/${'b'.repeat(60)}`;
    await mkdir(join(folder.path, deep), { recursive: true });
    const files = [
      { name: `${deep}/one`, body: bytesOf(70_000) },
      { name: `${deep}/two`, body: new Uint8Array(0) },
    ];
    for (const file of files) await writeFile(join(folder.path, file.name), file.body);
    const names = files.map((file) => file.name);
    const args = ['-c', `--format=${format}`, '--blocking-factor=1', '-C', folder.path, ...names];
    const tar = execFileSync('tar', args, { maxBuffer: 1e9 });
    expect(await walked(tar)).toEqual(files.map((file) => entry(file.name, file.body)));
  },
);

test('gives bodies to those who ask, in order and one call after another', async () => {
  const files = Array.from({ length: 20 }, (_, index) => ({
    name: `f${index}`,
    body: bytesOf(index * 37, index),
  }));
  const calls: string[] = [];
  const bodies = new Map<string, Buffer>();
  let running = 0;
  const entries = await walkTar(inChunks(tarArchive(files), 3000), {
    subject,
    enter: ({ name, bytes }) => {
      if (bytes % 2 === 1) return undefined;
      const chunks: Uint8Array[] = [];
      return {
        async write(chunk) {
          expect(++running).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 1));
          chunks.push(Buffer.from(chunk));
          running--;
        },
        end() {
          expect(running).toBe(0);
          calls.push(name);
          bodies.set(name, Buffer.concat(chunks));
        },
      };
    },
  });
  const even = files.filter((file) => file.body.length % 2 === 0);
  expect(calls).toEqual(even.map((file) => file.name));
  for (const file of even) expect(bodies.get(file.name)).toEqual(file.body);
  expect(entries).toEqual(files.map((file) => entry(file.name, file.body)));
});

test('what a sink throws ends the walk', async () => {
  const tar = tarArchive([{ name: 'a', body: bytesOf(5000) }]);
  const failure = new Error('no room');
  for (const write of [
    () => {
      throw failure;
    },
    () => Promise.reject(failure),
  ]) {
    const walk = walkTar(inChunks(tar, 700), { subject, enter: () => ({ write }) });
    await expect(walk).rejects.toBe(failure);
  }
});
