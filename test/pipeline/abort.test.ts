import { expect, test } from 'vitest';
import { guardStall } from '../../activities/pipeline/guard-stall.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { Throttle } from '../../activities/pipeline/throttle.ts';
import type { OpenArtifact } from '../../activities/products/product.ts';
import { ticksUntil } from '../support/ticks.ts';
import { artifactOf, backupFolder, storing } from './backup-folder.ts';
import { bytesOf, collect, deferred, inChunks, stalling } from './streams.ts';
import { tarArchive } from './tar-archive.ts';

const tar = tarArchive([{ name: 'a.tsm', body: bytesOf(500_000) }]);
const reason = new Error('cancelled by a person');

/** A second. */
const PROMISED_TICKS = 10;

async function endsSoon(
  work: Promise<unknown>,
  underWay: Promise<unknown>,
  abort: () => void,
): Promise<void> {
  await Promise.race([underWay, work]);
  abort();
  expect(await ticksUntil(work)).toBeLessThanOrEqual(PROMISED_TICKS);
  await expect(work).rejects.toBe(reason);
}

test('ends at once when the source is silent, and leaves nothing', async () => {
  await using backup = await backupFolder();
  for (const codec of ['identity', 'gzip'] as const) {
    const source = stalling(codec === 'gzip' ? new Uint8Array(0) : tar.subarray(0, 1000));
    const control = new AbortController();
    const open = async () => ({ codec, body: source });
    const more = { open, signal: control.signal };
    const work = storeArtifact(storing(backup.store, artifactOf('tar'), tar, more));
    await endsSoon(work, source.silent, () => control.abort(reason));
    expect(source.closed).toBe(true);
    expect(await backup.objects()).toEqual([]);
  }
});

test('ends at once when the source does not open, and closes what opens too late', async () => {
  await using backup = await backupFolder();
  const source = stalling(tar);
  const control = new AbortController();
  const asked = deferred();
  const opening = deferred<OpenArtifact>();
  const open = () => {
    asked.resolve();
    return opening.promise;
  };
  const more = { open, signal: control.signal };
  const work = storeArtifact(storing(backup.store, artifactOf('tar'), tar, more));
  await endsSoon(work, asked.promise, () => control.abort(reason));
  opening.resolve({ codec: 'identity', body: source });
  await expect.poll(() => source.closed).toBe(true);
  expect(await backup.objects()).toEqual([]);
});

test('closes a source that opens in the moment of the abort', async () => {
  await using backup = await backupFolder();
  const source = stalling(tar);
  const control = new AbortController();
  const open = async () => {
    queueMicrotask(() => control.abort(reason));
    return { codec: 'identity' as const, body: source };
  };
  const more = { open, signal: control.signal, fresh: true };
  const work = storeArtifact(storing(backup.store, artifactOf('tar'), tar, more));
  await expect(work).rejects.toBe(reason);
  await expect.poll(() => source.closed).toBe(true);
  expect(await backup.objects()).toEqual([]);
});

test('closes a source of which the store read nothing', async () => {
  await using backup = await backupFolder();
  const source = stalling(tar);
  const { store } = backup;
  const failing = Object.assign(Object.create(store) as typeof store, {
    create: () => Promise.reject(reason),
  });
  const open = async () => ({ codec: 'identity' as const, body: source });
  const options = storing(failing, artifactOf('tar'), tar, { open, fresh: true });
  await expect(storeArtifact(options)).rejects.toBe(reason);
  expect(source.closed).toBe(true);
});

test('does not begin when the signal has fired already', async () => {
  await using backup = await backupFolder();
  const signal = AbortSignal.abort(reason);
  let opened = false;
  const open = async () => {
    opened = true;
    return { codec: 'identity' as const, body: stalling(tar) };
  };
  const more = { open, signal, fresh: true };
  const work = storeArtifact(storing(backup.store, artifactOf('tar'), tar, more));
  await expect(work).rejects.toBe(reason);
  expect(opened).toBe(false);
  expect(await backup.objects()).toEqual([]);
});

test('ends at once while a throttle holds the stream back', async () => {
  await using backup = await backupFolder();
  const control = new AbortController();
  const heldBack = deferred();
  const onBytes = () => heldBack.resolve();
  const more = { throttle: new Throttle(1000), signal: control.signal, onBytes };
  const work = storeArtifact(storing(backup.store, artifactOf('tar'), tar, more));
  await endsSoon(work, heldBack.promise, () => control.abort(reason));
  expect(await backup.objects()).toEqual([]);
});

test('ends at once while the store takes nothing', async () => {
  await using backup = await backupFolder();
  const source = stalling(tar.subarray(0, 1000));
  const control = new AbortController();
  const stuckNow = deferred();
  const { store } = backup;
  const stuck = Object.assign(Object.create(store) as typeof store, {
    async create(_key: string, body: AsyncIterable<Uint8Array>, options: { signal: AbortSignal }) {
      const iterator = body[Symbol.asyncIterator]();
      await iterator.next();
      stuckNow.resolve();
      await new Promise((_resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(options.signal.reason));
      });
    },
  });
  const open = async () => ({ codec: 'identity' as const, body: source });
  const more = { open, signal: control.signal, fresh: true };
  const work = storeArtifact(storing(stuck, artifactOf('tar'), tar, more));
  await endsSoon(work, stuckNow.promise, () => control.abort(reason));
  expect(source.closed).toBe(true);
});

test('ends with the failure of the store while the source is silent', async () => {
  await using backup = await backupFolder();
  const source = stalling(tar.subarray(0, 1000));
  const { store } = backup;
  const failing = Object.assign(Object.create(store) as typeof store, {
    async create(_key: string, body: AsyncIterable<Uint8Array>) {
      const iterator = body[Symbol.asyncIterator]();
      await iterator.next();
      // As an upload does that fails while it waits for more.
      iterator.next().catch(() => undefined);
      throw reason;
    },
  });
  const open = async () => ({ codec: 'identity' as const, body: source });
  const options = storing(failing, artifactOf('tar'), tar, { open, fresh: true });
  const work = storeArtifact(options);
  expect(await ticksUntil(work)).toBeLessThanOrEqual(PROMISED_TICKS);
  await expect(work).rejects.toBe(reason);
  expect(source.closed).toBe(true);
});

test('a source that keeps silent is stalled, and named', async () => {
  await using backup = await backupFolder();
  const open = async () => ({ codec: 'identity' as const, body: stalling(tar.subarray(0, 1000)) });
  const options = storing(backup.store, artifactOf('tar'), tar, { open, stallMs: 60 });
  await expect(storeArtifact(options)).rejects.toMatchObject({
    code: 'SOURCE_STALLED',
    message: expect.stringContaining('telemetry/shard 1'),
  });
  expect(await backup.objects()).toEqual([]);
});

test('a slow consumer is no stall', async () => {
  const guarded = guardStall(inChunks(bytesOf(30), 10), 50, new AbortController().signal);
  let bytes = 0;
  for await (const chunk of guarded) {
    bytes += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  expect(bytes).toBe(30);
});

test('a consumer that leaves closes the source', async () => {
  let closed = false;
  const source = (async function* () {
    try {
      yield* inChunks(tar, 1000);
    } finally {
      closed = true;
    }
  })();
  for await (const _ of guardStall(source, undefined, new AbortController().signal)) break;
  expect(closed).toBe(true);
});

test('a throttle bounds the streams that share it', async () => {
  const throttle = new Throttle(200_000);
  const signal = new AbortController().signal;
  const since = performance.now();
  const stream = async () => {
    for (let sent = 0; sent < 100_000; sent += 10_000) await throttle.take(10_000, signal);
  };
  await Promise.all([stream(), stream()]);
  const seconds = (performance.now() - since) / 1000;
  expect(seconds).toBeGreaterThan(0.6);
});

test('a stream below its rate is never held up', async () => {
  expect(new Throttle(1e9).take(1000, new AbortController().signal)).toBeUndefined();
  expect(tar.equals(await collect(inChunks(tar, 1000)))).toBe(true);
});
