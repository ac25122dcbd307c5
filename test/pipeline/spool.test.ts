import { existsSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { spoolTo } from '../../activities/products/influxdb-v2/spool.ts';
import { withSpool } from '../../activities/spool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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
