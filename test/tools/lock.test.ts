import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../infra/tools/lock.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('the lock of the cache', () => {
  let folder: TemporaryFolder;
  let path: string;
  beforeEach(async () => {
    folder = await temporaryFolder('lock');
    path = join(folder.path, 'cache', 'tool.lock');
  });
  afterEach(() => folder.remove());

  it('lets one at a time work', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(50);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, {}, work)));
    expect(most).toBe(1);
  });

  it('is free again after work that failed', async () => {
    await expect(withLock(path, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(path, {}, () => Promise.resolve('done'))).toBe('done');
  });

  it('is taken from a holder that crashed', async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '99999999\n');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path, longAgo, longAgo);
    expect(await withLock(path, {}, () => Promise.resolve('done'))).toBe('done');
  });

  it('is not taken from a holder that works for long', async () => {
    const times = { beatMs: 50, deadAfterMs: 4000 };
    const order: string[] = [];
    let first: Promise<void> | undefined;
    await new Promise<void>((begun) => {
      first = withLock(path, times, async () => {
        begun();
        await sleep(5000);
        order.push('first');
      });
    });
    let waited = false;
    await withLock(path, { ...times, onWait: () => (waited = true) }, () => {
      order.push('second');
      return Promise.resolve();
    });
    await first;
    expect(order).toEqual(['first', 'second']);
    expect(waited).toBe(true);
  });
});
