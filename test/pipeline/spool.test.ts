import { existsSync } from 'node:fs';
import promises, { stat } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readShard } from '../../activities/pipeline/tsm/read-shard.ts';
import { compare } from '../../activities/products/influxdb-v2/proof.ts';
import { spoolTo } from '../../activities/products/influxdb-v2/spool.ts';
import { withSpool } from '../../activities/spool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { inChunks } from './streams.ts';
import { tarArchive } from './tar-archive.ts';
import { tsmFile } from './tsm-file.ts';

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('what cannot be streamed');
}

describe('a disk without room for the spool', () => {
  const full = { code: 'SPOOL_FULL' };
  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  /** Stands for a disk that is full already when the call comes. */
  function fullAt(call: 'open' | 'mkdir' | 'mkdtemp'): void {
    const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    vi.spyOn(promises, call).mockRejectedValue(error);
    syncBuiltinESMExports();
  }

  it.skipIf(!existsSync('/dev/full'))('is told by what is written', async () => {
    await expect(spoolTo('/dev/full', bytes())).rejects.toMatchObject({
      ...full,
      message: 'There is no room left to spool to /dev/full.',
    });
  });

  it('is told by a file that cannot be made', async () => {
    await using folder = await temporaryFolder('spool');
    fullAt('open');
    await expect(spoolTo(`${folder.path}/kv.bolt`, bytes())).rejects.toMatchObject(full);
  });

  it.each(['mkdir', 'mkdtemp'] as const)(
    'is told by a folder that cannot be made: %s',
    async (call) => {
      await using folder = await temporaryFolder('spool');
      fullAt(call);
      const work = withSpool({ spoolRoot: `${folder.path}/spool` }, async () => 'done');
      await expect(work).rejects.toMatchObject(full);
    },
  );
});

describe('what is spooled, which may hold credentials, is for this user alone', () => {
  const ownersOnly = async (path: string) => ((await stat(path)).mode & 0o077) === 0;
  let umask: number;
  beforeEach(() => {
    umask = process.umask(0);
  });
  afterEach(() => process.umask(umask));

  it('the folders', async () => {
    await using folder = await temporaryFolder('spool');
    const spoolRoot = `${folder.path}/spool`;
    await withSpool({ spoolRoot }, async (own) => {
      expect(await Promise.all([spoolRoot, own].map(ownersOnly))).toEqual([true, true]);
    });
  });

  it('metadata', async () => {
    await using folder = await temporaryFolder('spool');
    const path = `${folder.path}/kv.bolt`;
    await spoolTo(path, bytes());
    expect(await ownersOnly(path)).toBe(true);
  });

  it('a large file of a shard', async () => {
    await using folder = await temporaryFolder('spool');
    const looked: boolean[] = [];
    const file = { name: '1/autogen/1/000000001-000000001.tsm', body: Buffer.alloc(9 * 1024 ** 2) };
    await readShard(inChunks(tarArchive([file]), 1024 ** 2), {
      into: { add: async (path) => void looked.push(await ownersOnly(path as string)) },
      subject: 'telemetry/autogen/shard 1',
      spool: `${folder.path}/shard`,
    });
    expect(looked).toEqual([true]);
  });

  it('a file of a shard that is compared by what it holds', async () => {
    await using folder = await temporaryFolder('spool');
    const looked = new Set<boolean>();
    const file = (generation: number) => ({
      name: `1/autogen/1/000000001-00000000${generation}.tsm`,
      body: tsmFile({ a: { blocks: [[0, 10, 20]] } }),
    });
    const look = async () => {
      const path = `${folder.path}/shard-1.tsm`;
      if (existsSync(path)) looked.add(await ownersOnly(path));
    };
    const proof = await compare({
      subject: 'telemetry/autogen/shard 1',
      recorded: undefined,
      original: () => looking(tarArchive([file(1)]), look),
      restored: async () => looking(tarArchive([file(2)]), look),
      mayGrow: false,
      spool: folder.path,
      name: 'shard-1',
      signal: new AbortController().signal,
    });
    expect(proof).toEqual({ result: 'equivalent' });
    expect([...looked]).toEqual([true]);
  });
});

async function* looking(tar: Buffer, look: () => Promise<void>): AsyncGenerator<Uint8Array> {
  for await (const chunk of inChunks(tar, 512)) {
    yield chunk;
    await look();
  }
}
