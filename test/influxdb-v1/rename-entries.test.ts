import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTarHeader } from '../../activities/pipeline/tar/tar-header.ts';
import { tarHeader } from '../../activities/pipeline/tar/write-tar.ts';
import { raised } from '../../activities/products/influxdb-v1/raise-generation.ts';
import { renameEntries } from '../../activities/products/influxdb-v1/rename-entries.ts';
import { tarArchive, tarEntry } from '../pipeline/tar-archive.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { shardTar, unpack } from './portable-backup.ts';

async function renamed(tar: Buffer, folder: string, step = tar.length): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const source = (async function* () {
    for (let at = 0; at < tar.length; at += step) yield tar.subarray(at, at + step);
  })();
  for await (const chunk of renameEntries(source, folder)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** By the tar of the system. */
async function listed(tar: Buffer): Promise<string[]> {
  await using folder = await temporaryFolder('tar');
  const path = join(folder.path, 'x.tar');
  await writeFile(path, tar);
  const options = ['--quoting-style=literal', '-tf', path];
  return execFileSync('tar', options, { encoding: 'utf8' }).trim().split('\n');
}

describe('renaming the entries of a shard', () => {
  it.each([1, 7, 512, 100_000])(
    'changes folders and generations and nothing else, in chunks of %i bytes',
    async (step) => {
      const tar = shardTar(3);
      const result = unpack(await renamed(tar, 'other/policy/77', step));
      const before = [...unpack(tar)];
      expect([...result.keys()]).toEqual(
        before.map(([name]) => name.replace('telemetry/raw/3/00', 'other/policy/77/01')),
      );
      expect([...result.values()]).toEqual(before.map(([, body]) => body));
    },
  );

  it('ends in exactly two blocks of zeros', async () => {
    const tar = await renamed(shardTar(1), 'a/b/1');
    expect(tar.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    expect(tar.subarray(-1536, -1024).every((byte) => byte === 0)).toBe(false);
    expect(tar.length % 512).toBe(0);
  });

  it.each(['größe/täglich/1', `${'long-name-'.repeat(12)}/policy/9`, 'ab cd/ü/1'])(
    'writes names that do not fit into a plain header: %s',
    async (folder) => {
      const tar = tarArchive([
        { name: 'x/y/1/000000001-000000001.tsm', body: Buffer.alloc(700, 1) },
      ]);
      const result = await renamed(tar, folder);
      expect(await listed(result)).toEqual([`${folder}/010000001-000000001.tsm`]);
      expect([...unpack(result).values()][0]?.length).toBe(700);
    },
  );

  it('has no end when the tar has none: the server must not take it for whole', async () => {
    const cut = tarEntry({ name: 'a/b/1/000000001-000000001.tsm', body: Buffer.alloc(600) });
    await expect(renamed(cut, 'a/b/2')).rejects.toThrow('before its end mark');
    await expect(renamed(shardTar(1).subarray(0, 700), 'a/b/2')).rejects.toThrow(
      'inside the entry',
    );
  });

  it('keeps the size of a file beyond what octal digits hold', () => {
    expect(parseTarHeader(tarHeader('a', 2 ** 34))).toMatchObject({
      name: 'a',
      bytes: 2 ** 34,
      kind: 'file',
    });
  });
});

describe('the generation of a file that is uploaded', () => {
  it('is one that no shard has reached by itself, in the order of the backup', () => {
    const names = [
      '000000001-000000001.tsm',
      '000000001-000000002.tsm',
      '000000017-000000003.tsm',
      // Of a shard that was restored before.
      '010000001-000000001.tsm',
      '980000001-000000001.tsm',
    ];
    const found = names.map(raised);
    expect(found).toEqual([
      '010000001-000000001.tsm',
      '010000001-000000002.tsm',
      '010000017-000000003.tsm',
      '020000001-000000001.tsm',
      '990000001-000000001.tsm',
    ]);
    expect(found.toSorted()).toEqual(found);
  });

  it('is that of its tombstones too, and nothing else has one', () => {
    expect(raised('000000002-000000001.tombstone')).toBe('010000002-000000001.tombstone');
    expect(raised('fields.idx')).toBe('fields.idx');
    expect(raised('L0-00000001.tsl')).toBe('L0-00000001.tsl');
  });
});
