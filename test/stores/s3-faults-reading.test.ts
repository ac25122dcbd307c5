import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import { ObjectsRetained } from '../../activities/stores/retained.ts';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { commitBare } from '../support/bare-backup.ts';
import { ticksUntil } from '../support/ticks.ts';
import { expectFailure } from './conformance.ts';
import { asked, KEY, open, plan, s3, store, underFault } from './s3-under-fault.ts';
import { collect, listOf, PROMISED_TICKS, someBytes } from './sources.ts';

underFault();

describe('reading', () => {
  const bytes = someBytes(400_000);
  const putIt = () => store.put(KEY, bytes);

  it('a download that is cut goes on where it was cut', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'reset-download', afterBytes: 150_000 });
    plan('GetObject', { kind: 'reset-download', afterBytes: 100_000 });
    expect((await collect(store.read(KEY))).equals(bytes)).toBe(true);
    expect(s3.simulator.seen.at(-1)?.headers).toMatchObject({
      range: expect.stringMatching(/^bytes=2\d+-399999$/) as string,
      'if-match': expect.any(String) as string,
    });
  });

  it('a download that is cut again and again is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'reset-download', afterBytes: 0 }, { times: ALWAYS });
    await expectFailure(collect(store.read(KEY)), 'STORE_ERROR');
  });

  it('an answer that is shorter than the range is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'short', missing: 1 }, { times: ALWAYS });
    await expectFailure(collect(store.read(KEY, { start: 0, end: 400_000 })), 'STORE_ERROR');
    await expectFailure(collect(store.read(KEY, { start: 100 })), 'STORE_ERROR');
  });

  it('a manifest whose answer is cut short in good order is not taken for damaged, and an older one for the latest', async () => {
    await open();
    const nights = ['2026-11-20t02-00-00z-000001', '2026-11-21t02-00-00z-000002'];
    for (const id of nights) await commitBare(store, id);
    plan('GetObject', { kind: 'short', missing: 5 });
    expect((await findBackup(store, 'metrics', 'latest')).manifest.id).toBe(nights[1]);
  });

  it.each([
    ['heeds', undefined],
    ['takes no notice of', { kind: 'ignored-header', header: 'if-match' } as const],
  ])(
    'an object that was replaced while a download was cut is not mixed with the old one by a service that %s the condition',
    async (_, fault) => {
      await open();
      await putIt();
      plan('GetObject', { kind: 'reset-download', afterBytes: 150_000 });
      if (fault) plan('GetObject', fault, { times: ALWAYS });
      const reading = (async () => {
        for await (const chunk of store.read(KEY)) {
          if (chunk.byteLength > 0) await store.overwrite(KEY, someBytes(400_000));
        }
      })();
      await expectFailure(reading, 'OBJECT_CHANGED');
      s3.simulator.bucket.writes.clear();
    },
  );

  it('a range that begins elsewhere is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'wrong-range', shift: 1 });
    const error = await expectFailure(
      collect(store.read(KEY, { start: 1000, end: 2000 })),
      'STORE_ERROR',
    );
    expect(error.message).toContain('bytes 1001 to 2001 where 1000 to 2000 were asked for');
  });

  it('the whole object in answer to a range is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'ignored-range' });
    await expectFailure(collect(store.read(KEY, { start: 1000, end: 2000 })), 'STORE_ERROR');
  });

  it('a download that stands still is taken up again, and a slow reader is not taken for one', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'stall-download', afterBytes: 100_000 });
    expect((await collect(store.read(KEY))).equals(bytes)).toBe(true);
    let read = 0;
    for await (const chunk of store.read(KEY)) {
      if (read === 0) await sleep(1500);
      read += chunk.byteLength;
    }
    expect(read).toBe(400_000);
  });

  it('an abort ends a read that stands still, within a second', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'stall-download', afterBytes: 100_000 }, { times: ALWAYS });
    const controller = new AbortController();
    const reason = new Error('cancelled');
    let read = 0;
    const reading = (async () => {
      for await (const chunk of store.read(KEY, controller)) read += chunk.byteLength;
    })().catch((error: unknown) => error);
    await expect.poll(() => read, { interval: 5 }).toBeGreaterThanOrEqual(100_000);
    controller.abort(reason);
    expect(await ticksUntil(reading)).toBeLessThanOrEqual(PROMISED_TICKS);
    expect(await reading).toBe(reason);
  });

  it('an object whose bytes have rotted is read as it lies there, for its hash to tell', async () => {
    await open();
    await putIt();
    s3.simulator.flipBit(`holdfast/${KEY}`, 123);
    const read = await collect(store.read(KEY));
    expect(read.equals(bytes)).toBe(false);
    expect(read.byteLength).toBe(bytes.byteLength);
  });
});

describe('removing', () => {
  it('a locked object is told by name, and the others are removed', async () => {
    await open();
    const keys = Array.from({ length: 5 }, (_, i) => `t/${i}`);
    for (const key of keys) await store.put(key, Buffer.from('x'));
    s3.simulator.bucket.locked = /t\/[13]$/;
    const error = await expectFailure(store.remove(keys), 'STORE_DENIED');
    expect(error).toBeInstanceOf(ObjectsRetained);
    expect((error as ObjectsRetained).keys).toEqual(['t/1', 't/3']);
    expect(error.message).toContain('refused to remove t/1 and 1 more: access denied');
    expect((await listOf(store.list('t/'))).map(({ key }) => key)).toEqual(['t/1', 't/3']);
    s3.simulator.bucket.locked = undefined;
  });

  it('removes thousands of objects by the thousand', async () => {
    await open();
    const keys = Array.from({ length: 2500 }, (_, i) => `t/${i}`);
    for (const key of keys) s3.simulator.bucket.put(`holdfast/${key}`, Buffer.from('x'), {}, true);
    await store.remove(keys);
    expect(asked('DeleteObjects')).toBe(3);
    expect(await listOf(store.list('t/'))).toEqual([]);
  });
});

describe('listing', () => {
  it('a listing that lags does not hide an object from head and read', async () => {
    await open();
    await store.put(KEY, Buffer.from('x'));
    s3.simulator.bucket.unlisted = /x\.tar$/;
    expect(await listOf(store.list('metrics/'))).toEqual([]);
    expect(await store.head(KEY)).toMatchObject({ bytes: 1 });
    await expectFailure(store.put(KEY, Buffer.from('y')), 'OBJECT_EXISTS');
  });

  it('goes through every page, of objects, folders and uploads', async () => {
    await open();
    s3.simulator.bucket.pageSize = 7;
    for (let i = 0; i < 50; i++) {
      const body = Buffer.from('x');
      s3.simulator.bucket.put(`holdfast/p/${String(i).padStart(3, '0')}/a`, body, {}, true);
      s3.simulator.bucket.begin(`holdfast/p/${i}`, {});
    }
    expect(await listOf(store.list('p/'))).toHaveLength(50);
    expect(await store.folders('p/')).toHaveLength(50);
    const uploads = await listOf(store.openUploads('p/'));
    expect(uploads).toHaveLength(50);
    for (const upload of uploads) await store.abortUpload(upload);
  });
});
