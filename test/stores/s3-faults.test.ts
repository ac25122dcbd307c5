import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../activities/failure.ts';
import { ObjectsRetained } from '../../activities/stores/retained.ts';
import type { Store } from '../../activities/stores/store.ts';
import { ALWAYS, type Fault, type FaultRule, type Operation } from '../simulators/s3/faults.ts';
import { expectFailure } from './conformance.ts';
import { PART, simulatedS3 } from './s3-simulator.ts';
import { collect, listOf, someBytes, stalled, stream } from './sources.ts';

/** Longer than what is gathered before parts are used. */
const LONG = 6 * PART + 100;
const KEY = 'metrics/2026-11-20t02-00-00z-7f3a1c/data/x.tar';

let s3: Awaited<ReturnType<typeof simulatedS3>>;
let store: Store;
beforeAll(async () => {
  s3 = await simulatedS3();
});
afterAll(async () => s3.close());
afterEach(async () => {
  await settle();
  expect([...s3.simulator.bucket.uploads.values()], 'open uploads').toEqual([]);
  for (const [key, writes] of s3.simulator.bucket.writes) {
    expect(writes, `commits of ${key}`).toBeLessThanOrEqual(1);
  }
  expect(s3.resources.budget.held, 'bytes held').toBe(0);
  s3.simulator.reset();
});

/** Opens the store anew and lets it learn what the simulator can, so that tests see only their own requests. */
async function open(): Promise<Store> {
  store = s3.open();
  await store.put('warm/up', Buffer.from('x'));
  s3.simulator.seen.length = 0;
  return store;
}

async function settle(): Promise<void> {
  await store.close();
}

function plan(on: Operation | Operation[], fault: Fault, rule: Partial<FaultRule> = {}): void {
  s3.simulator.plan({ on, fault, ...rule });
}

const answer = (status: number, code: string): Fault => ({ kind: 'answer', status, code });
const asked = (operation: Operation) =>
  s3.simulator.seen.filter((request) => request.operation === operation).length;
const kept = () => s3.simulator.bucket.objects.get(`holdfast/${KEY}`)?.body;

async function expectNothing(): Promise<void> {
  await settle();
  expect(kept()).toBeUndefined();
  expect(s3.simulator.bucket.uploads.size).toBe(0);
}

describe('trouble that passes', () => {
  const passing: [string, Fault][] = [
    ['S3-01 500', answer(500, 'InternalError')],
    ['S3-01 503', answer(503, 'SlowDown')],
    ['S3-01 429', answer(429, 'TooManyRequests')],
    [
      'S3-03 a connection that is cut in the middle of a body',
      { kind: 'reset-upload', afterBytes: 10 },
    ],
    ['S3-04 a request that is never answered', { kind: 'stall', executed: false }],
    ['S3-04 a body that is never read', { kind: 'stall-upload' }],
    ['S3-08 an answer that is lost', { kind: 'lost-answer' }],
    ['S3-08 an answer that never comes', { kind: 'stall', executed: true }],
  ];
  const steps: Operation[] = ['UploadPart', 'CompleteMultipartUpload'];

  for (const [title, fault] of passing) {
    for (const step of steps) {
      it(`${title}: ${step} is tried again, with the same bytes`, async () => {
        await open();
        const bytes = someBytes(LONG);
        plan(step, fault, step === 'UploadPart' ? { skip: 2 } : {});
        expect(await store.create(KEY, stream(bytes))).toEqual({ key: KEY, bytes: LONG });
        expect(kept()?.equals(bytes)).toBe(true);
      });
    }

    it(`${title}: PutObject is tried again`, async () => {
      await open();
      const bytes = someBytes(1000);
      plan('PutObject', fault);
      await store.create(KEY, stream(bytes));
      expect(kept()?.equals(bytes)).toBe(true);
      await expectFailure(store.put(KEY, bytes), 'OBJECT_EXISTS');
    });
  }

  it('S3-01 500 and 503: CreateMultipartUpload, reading, listing and removing are tried again', async () => {
    await open();
    const bytes = someBytes(LONG);
    plan('CreateMultipartUpload', answer(503, 'SlowDown'), { times: 2 });
    await store.create(KEY, stream(bytes));
    plan(
      ['GetObject', 'HeadObject', 'ListObjectsV2', 'DeleteObject'],
      answer(500, 'InternalError'),
    );
    plan('GetObject', answer(503, 'SlowDown'));
    plan('ListMultipartUploads', answer(503, 'SlowDown'));
    expect((await collect(store.read(KEY))).equals(bytes)).toBe(true);
    expect(await store.head(KEY)).toMatchObject({ bytes: LONG });
    expect(await listOf(store.list('metrics/'))).toHaveLength(1);
    expect(await listOf(store.openUploads(''))).toEqual([]);
    await store.remove([KEY]);
    expect(kept()).toBeUndefined();
  });

  it('S3-01 503 lowers the number of requests at a time, which grows again slowly', async () => {
    await open();
    const limit = s3.resources.limitOf(`${s3.simulator.url} ${s3.simulator.bucketName}`);
    const before = limit.limit;
    plan('PutObject', answer(503, 'SlowDown'));
    await store.put(KEY, Buffer.from('x'));
    expect(limit.limit).toBeLessThanOrEqual(before / 2 + 1);
    const low = limit.limit;
    for (let i = 0; i < 3 * before; i++) await store.head(KEY);
    expect(limit.limit).toBeGreaterThan(low);
  });
});

describe('trouble that stays', () => {
  const staying: [string, Fault, HoldfastError['code']][] = [
    ['S3-01 500', answer(500, 'InternalError'), 'STORE_ERROR'],
    ['S3-01 503', answer(503, 'SlowDown'), 'STORE_ERROR'],
    ['S3-04 a stall', { kind: 'stall', executed: false }, 'STORE_STALLED'],
    ['S3-03 cut connections', { kind: 'reset-upload', afterBytes: 0 }, 'STORE_UNREACHABLE'],
    ['S3-05 denied access', answer(403, 'AccessDenied'), 'STORE_DENIED'],
    ['a full disk', answer(507, 'InsufficientStorage'), 'STORE_FULL'],
    ['a full disk that is told as an internal error', { ...FULL() }, 'STORE_FULL'],
    ['a request that the store does not take', answer(400, 'InvalidArgument'), 'STORE_REFUSED'],
    ['a missing bucket', answer(404, 'NoSuchBucket'), 'STORE_BUCKET_MISSING'],
  ];
  function FULL(): Fault {
    const message = 'write /data/x: no space left on device';
    return { kind: 'answer', status: 500, code: 'InternalError', message };
  }

  for (const [title, fault, code] of staying) {
    for (const step of [
      'CreateMultipartUpload',
      'UploadPart',
      'CompleteMultipartUpload',
    ] as const) {
      it(`${title} at ${step} is a named failure, and leaves nothing`, async () => {
        await open();
        plan(step, fault, { times: ALWAYS, skip: step === 'UploadPart' ? 3 : 0 });
        const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), code);
        expect(error.message).toContain('Store main (s3://backups/holdfast)');
        if (code !== 'STORE_BUCKET_MISSING') expect(error.message).toContain(KEY);
        await expectNothing();
      });
    }

    it(`${title} at PutObject is a named failure, and leaves nothing`, async () => {
      await open();
      plan('PutObject', fault, { times: ALWAYS });
      await expectFailure(store.put(KEY, Buffer.from('x')), code);
      await expectNothing();
    });
  }

  it('S3-01 a failed part ends the source, even one that stalls', async () => {
    await open();
    plan('UploadPart', answer(403, 'AccessDenied'), { times: ALWAYS });
    const startedAt = performance.now();
    await expectFailure(store.create(KEY, stalled(someBytes(LONG))), 'STORE_DENIED');
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await expectNothing();
  });

  it('a bucket that is missing is told by every call', async () => {
    await open();
    s3.simulator.dropBucket(true);
    const fresh = s3.open({ name: 'fresh' });
    await expectFailure(fresh.put(KEY, Buffer.from('x')), 'STORE_BUCKET_MISSING');
    await expectFailure(fresh.head(KEY), 'STORE_BUCKET_MISSING');
    await expectFailure(collect(fresh.read(KEY)), 'STORE_BUCKET_MISSING');
    await expectFailure(listOf(fresh.list('')), 'STORE_BUCKET_MISSING');
    const findings = await fresh.probe();
    expect(findings).toMatchObject([{ ability: 'reach', ok: false, level: 'required' }]);
    s3.simulator.dropBucket(false);
  });

  it('a store that is not there, or whose name nobody knows, is told', async () => {
    await open();
    const nowhere = s3.open({ endpoint: 'http://127.0.0.1:1' });
    const error = await expectFailure(nowhere.head(KEY), 'STORE_UNREACHABLE');
    expect(error.message).toContain('nothing listens there (ECONNREFUSED)');
    const unknown = s3.open({ endpoint: 'http://s3.invalid' });
    await expectFailure(unknown.head(KEY), 'HOST_UNKNOWN');
  });
});

describe('an unclear commit', () => {
  it('S3-02 an error inside a 200 is a failure when nothing was committed', async () => {
    await open();
    plan(
      'CompleteMultipartUpload',
      { kind: 'error-in-200', code: 'InternalError', executed: false },
      { times: ALWAYS },
    );
    await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    await expectNothing();
  });

  it('S3-02 an error inside a 200 is a success when the object is there', async () => {
    await open();
    const bytes = someBytes(LONG);
    plan('CompleteMultipartUpload', {
      kind: 'error-in-200',
      code: 'InternalError',
      executed: true,
    });
    await store.create(KEY, stream(bytes));
    expect(kept()?.equals(bytes)).toBe(true);
    expect(asked('CompleteMultipartUpload')).toBe(1);
  });

  it('S3-02 a 200 without an object is a failure', async () => {
    await open();
    plan('CompleteMultipartUpload', { kind: 'lost-part' });
    await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    await expectNothing();
  });

  it('S3-04 a Complete that takes longer than any stall is waited for', async () => {
    const patient = await simulatedS3({ stallMs: 300, commitMs: 60_000 });
    try {
      const bytes = someBytes(LONG);
      patient.simulator.plan({ on: 'CompleteMultipartUpload', fault: { kind: 'slow', ms: 1200 } });
      await patient.open().create(KEY, stream(bytes));
      const completes = patient.simulator.seen.map(({ operation }) => operation);
      expect(completes.filter((one) => one === 'CompleteMultipartUpload')).toHaveLength(1);
    } finally {
      await patient.close();
    }
  });

  it('S3-06 412 because of another writer is told, and its object stays', async () => {
    await open();
    plan('CompleteMultipartUpload', { kind: 'slow', ms: 100 });
    const creating = store.create(KEY, stream(someBytes(LONG)));
    await expect.poll(() => asked('CompleteMultipartUpload')).toBe(1);
    await store.put(KEY, Buffer.from('the other one'));
    await expectFailure(creating, 'OBJECT_EXISTS');
    expect(kept()?.toString()).toBe('the other one');
  });

  it('S3-06 412 because of our own lost answer is a success', async () => {
    await open();
    plan('PutObject', { kind: 'lost-answer' });
    await store.put(KEY, Buffer.from('x'));
    expect(asked('PutObject')).toBe(2);
    expect(kept()?.toString()).toBe('x');
  });

  it('S3-07 409 on a single put is tried again', async () => {
    await open();
    plan('PutObject', answer(409, 'ConditionalRequestConflict'), { times: 2 });
    await store.put(KEY, Buffer.from('x'));
    expect(asked('PutObject')).toBe(3);
  });

  it('S3-07 409 on Complete ends this upload, to be started again by the next attempt', async () => {
    await open();
    plan('CompleteMultipartUpload', answer(409, 'ConditionalRequestConflict'), { times: ALWAYS });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.retryable).toBe(true);
    await expectNothing();
    s3.simulator.plan();
  });

  it('S3-09 NoSuchUpload is a success when our object is there', async () => {
    await open();
    const bytes = someBytes(LONG);
    // Executed, but not heard; the second Complete finds the upload gone.
    plan('CompleteMultipartUpload', { kind: 'lost-answer' });
    plan('HeadObject', answer(404, 'NotFound'));
    await store.create(KEY, stream(bytes));
    expect(kept()?.equals(bytes)).toBe(true);
    expect(asked('CompleteMultipartUpload')).toBe(2);
  });

  it('S3-09 NoSuchUpload without an object is a failure that the next attempt can mend', async () => {
    await open();
    plan('CompleteMultipartUpload', answer(404, 'NoSuchUpload'), { times: ALWAYS });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.retryable).toBe(true);
    await expectNothing();
  });

  it('S3-10 an object that came out shorter than it was sent is removed and told', async () => {
    await open();
    plan('CompleteMultipartUpload', { kind: 'lost-part' });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.message).toContain('wrong length');
    await expectNothing();
  });
});

describe('an abort while the store misbehaves', () => {
  const stalls: [string, Operation, Fault][] = [
    ['S3-04 Create stalls', 'CreateMultipartUpload', { kind: 'stall', executed: false }],
    ['S3-04 a part stalls', 'UploadPart', { kind: 'stall', executed: false }],
    ['S3-04 a part is not read', 'UploadPart', { kind: 'stall-upload' }],
    ['S3-04 Complete stalls', 'CompleteMultipartUpload', { kind: 'stall', executed: false }],
    ['S3-01 parts are refused', 'UploadPart', answer(503, 'SlowDown')],
  ];
  for (const [title, step, fault] of stalls) {
    it(`${title}: the call ends within a second, with the abort's own reason`, async () => {
      await open();
      plan(step, fault, { times: ALWAYS });
      const controller = new AbortController();
      const reason = new Error('cancelled by the user');
      const creating = store.create(KEY, stream(someBytes(LONG)), controller);
      const settled = creating.catch((error: unknown) => ({ error, at: performance.now() }));
      await expect.poll(() => asked(step), { interval: 5 }).toBeGreaterThan(0);
      const abortedAt = performance.now();
      controller.abort(reason);
      const end = (await settled) as { error: unknown; at: number };
      expect(end.error).toBe(reason);
      expect(end.at - abortedAt).toBeLessThan(1000);
      s3.simulator.plan();
      await expectNothing();
    });
  }

  it('S3-04 the call ends within a second even if AbortMultipartUpload stalls; it is tried on behind it', async () => {
    await open();
    plan('AbortMultipartUpload', { kind: 'stall', executed: false });
    const controller = new AbortController();
    const creating = store.create(KEY, stalled(someBytes(LONG)), controller);
    const settled = creating.catch(() => performance.now());
    await expect.poll(() => asked('UploadPart'), { interval: 5 }).toBeGreaterThan(0);
    const abortedAt = performance.now();
    controller.abort(new Error('cancelled'));
    expect(Number(await settled) - abortedAt).toBeLessThan(1000);
    expect(s3.simulator.bucket.uploads.size).toBe(1);
    await expectNothing();
  });

  it('S3-08 a commit under way when the abort comes is let finish, so that nothing is in doubt', async () => {
    await open();
    const bytes = someBytes(LONG);
    plan('CompleteMultipartUpload', { kind: 'slow', ms: 100 });
    const controller = new AbortController();
    const creating = store.create(KEY, stream(bytes), controller);
    await expect.poll(() => asked('CompleteMultipartUpload'), { interval: 5 }).toBe(1);
    controller.abort(new Error('cancelled'));
    expect(await creating).toEqual({ key: KEY, bytes: LONG });
    expect(kept()?.equals(bytes)).toBe(true);
  });
});

describe('credentials', () => {
  it('S3-05 credentials that were changed in mid-run are read again, and the run goes on', async () => {
    await open();
    const bytes = someBytes(LONG);
    s3.simulator.acceptKeys(['a-key']);
    const source = (async function* () {
      yield* stream(bytes.subarray(0, LONG - PART));
      await expect.poll(() => asked('UploadPart')).toBeGreaterThan(1);
      s3.simulator.acceptKeys(['a-new-key']);
      process.env.HOLDFAST_TEST_S3_KEY = 'a-new-key';
      yield* stream(bytes.subarray(LONG - PART));
    })();
    try {
      await store.create(KEY, source);
      expect(kept()?.equals(bytes)).toBe(true);
    } finally {
      process.env.HOLDFAST_TEST_S3_KEY = 'a-key';
    }
  });

  it('S3-05 credentials that stay refused are a named failure without a retry, and nothing is committed', async () => {
    await open();
    s3.simulator.acceptKeys(['another-key']);
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_DENIED');
    expect(error.retryable).toBe(false);
    expect(error.message).toContain('the access key is unknown (InvalidAccessKeyId)');
    expect(error.message).not.toContain('a-key');
    expect(asked('CreateMultipartUpload')).toBe(2);
    s3.simulator.acceptKeys(undefined);
    await expectNothing();
  });

  it('a secret that is not there is told before the first request', async () => {
    await open();
    const secretless = s3.open({
      name: 'other',
      credentials: { accessKeyId: { env: 'HOLDFAST_NO_SUCH' }, secretAccessKey: { env: 'PATH' } },
    });
    const error = await expectFailure(secretless.put(KEY, Buffer.from('x')), 'SECRET_MISSING');
    expect(error.message).toContain('HOLDFAST_NO_SUCH');
    expect(s3.simulator.seen).toEqual([]);
  });
});

describe('reading', () => {
  const bytes = someBytes(400_000);
  const putIt = () => store.put(KEY, bytes);

  it('S3-11 a download that is cut goes on where it was cut', async () => {
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

  it('S3-11 a download that is cut again and again is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'reset-download', afterBytes: 0 }, { times: ALWAYS });
    await expectFailure(collect(store.read(KEY)), 'STORE_ERROR');
  });

  it('S3-11 an answer that is shorter than the range is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'short', missing: 1 }, { times: ALWAYS });
    await expectFailure(collect(store.read(KEY, { start: 0, end: 400_000 })), 'STORE_ERROR');
    await expectFailure(collect(store.read(KEY, { start: 100 })), 'STORE_ERROR');
  });

  it('S3-11 an object that was replaced while a download was cut is not mixed with the old one', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'reset-download', afterBytes: 150_000 });
    const reading = (async () => {
      for await (const chunk of store.read(KEY)) {
        if (chunk.byteLength > 0) await store.overwrite(KEY, someBytes(400_000));
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(HoldfastError);
    s3.simulator.bucket.writes.clear();
  });

  it('S3-12 a range that begins elsewhere is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'wrong-range', shift: 1 });
    const error = await expectFailure(
      collect(store.read(KEY, { start: 1000, end: 2000 })),
      'STORE_ERROR',
    );
    expect(error.message).toContain('bytes 1001 to 2001 where 1000 to 2000 were asked for');
  });

  it('S3-12 the whole object in answer to a range is refused', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'ignored-range' });
    await expectFailure(collect(store.read(KEY, { start: 1000, end: 2000 })), 'STORE_ERROR');
  });

  it('S3-04 a download that stands still is taken up again, and a slow reader is not taken for one', async () => {
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

  it('S3-04 an abort ends a read that stands still', async () => {
    await open();
    await putIt();
    plan('GetObject', { kind: 'stall-download', afterBytes: 100_000 }, { times: ALWAYS });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled')), 100);
    await expect(collect(store.read(KEY, controller))).rejects.toThrow('cancelled');
  });

  it('S3-18 an object whose bytes have rotted is read as it lies there, for its hash to tell', async () => {
    await open();
    await putIt();
    s3.simulator.flipBit(`holdfast/${KEY}`, 123);
    const read = await collect(store.read(KEY));
    expect(read.equals(bytes)).toBe(false);
    expect(read.byteLength).toBe(bytes.byteLength);
  });
});

describe('abilities that a store lacks', () => {
  // Each with its own bucket name in the settings' eyes: abilities are remembered for a worker's life.
  const fresh = async (run: (s3: Awaited<ReturnType<typeof simulatedS3>>) => Promise<void>) => {
    await open();
    const own = await simulatedS3();
    try {
      await run(own);
      expect(own.simulator.bucket.uploads.size).toBe(0);
    } finally {
      await own.close();
    }
  };

  it('S3-15 without `x-amz-mp-object-size` the length is compared by a look afterwards', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      const fault: Fault = { kind: 'refused-header', header: 'x-amz-mp-object-size' };
      simulator.plan({ on: 'CompleteMultipartUpload', fault, times: ALWAYS });
      await openOwn().create(KEY, stream(someBytes(LONG)));
      await openOwn().create(`${KEY}2`, stream(someBytes(LONG)));
      const completes = simulator.seen.filter((r) => r.operation === 'CompleteMultipartUpload');
      expect(completes).toHaveLength(3);
    }));

  for (const kind of ['refused-header', 'ignored-header'] as const) {
    it(`S3-15 with an ${kind} \`if-none-match\` nothing is overwritten, and the probe says so`, () =>
      fresh(async ({ simulator, open: openOwn }) => {
        const fault: Fault = { kind, header: 'if-none-match' };
        simulator.plan({ on: ['PutObject', 'CompleteMultipartUpload'], fault, times: ALWAYS });
        const lacking = openOwn();
        await lacking.put('first', Buffer.from('first'));
        await lacking.create(KEY, stream(someBytes(LONG)));
        await expectFailure(lacking.put(KEY, Buffer.from('second')), 'OBJECT_EXISTS');
        await expectFailure(lacking.put('first', Buffer.from('second')), 'OBJECT_EXISTS');
        await expectFailure(lacking.create(KEY, stream(someBytes(LONG))), 'OBJECT_EXISTS');
        const finding = (await lacking.probe()).find(({ ability }) => ability === 'create once');
        expect(finding?.message).toContain('does not obey `If-None-Match`');
      }));
  }

  it('S3-15 a store that wants signed payloads gets them', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      const fault: Fault = {
        kind: 'answer',
        status: 400,
        code: 'InvalidRequest',
        message: 'UNSIGNED-PAYLOAD is not supported',
      };
      simulator.plan({ on: 'PutObject', fault });
      await openOwn().put(KEY, Buffer.from('x'));
      const [first, second] = simulator.seen.filter((r) => r.operation === 'PutObject');
      expect(first?.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
      expect(second?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    }));

  it('S3-15 a store without bulk removal is asked for one object at a time', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      simulator.plan({ on: 'DeleteObjects', fault: answer(501, 'NotImplemented'), times: ALWAYS });
      const lacking = openOwn();
      const keys = Array.from({ length: 30 }, (_, i) => `t/${i}`);
      for (const key of keys) await lacking.put(key, Buffer.from('x'));
      await lacking.remove(keys);
      await lacking.remove(keys);
      expect(simulator.bucket.objects.size).toBe(0);
      expect(simulator.seen.filter((r) => r.operation === 'DeleteObjects')).toHaveLength(1);
    }));

  it('S3-19 no body is ever framed, and the probe compares what it reads', async () => {
    await open();
    await store.create(KEY, stream(someBytes(LONG)));
    await store.put(`${KEY}2`, someBytes(10));
    for (const { headers } of s3.simulator.seen) {
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['transfer-encoding']).toBeUndefined();
    }
  });
});

describe('removing', () => {
  it('S3-17 a locked object is told by name, and the others are removed', async () => {
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
  it('S3-13 a listing that lags does not hide an object from head and read', async () => {
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

describe('limits', () => {
  it('S3-14 an object never has more parts than the store takes, and a longer one is refused', async () => {
    await open();
    const small = s3.open({ partSize: PART, maxParts: 10 });
    expect(small.maxObjectBytes).toBe(10 * PART);
    s3.simulator.bucket.maxParts = 10;
    await small.create(KEY, stream(someBytes(10 * PART)));
    const longer = small.create(`${KEY}2`, stream(someBytes(10 * PART + 1)));
    await expectFailure(longer, 'STORE_REFUSED');
    await small.close();
    expect(() => s3.open({ partSize: PART, maxParts: 10, maxObjectSize: 11 * PART })).toThrow(
      /does not fit into 10 parts/,
    );
  });

  it('S3-14 streams of unknown length fit into 1,000 parts where only those are sure', async () => {
    await open();
    const { partSize: _, ...settings } = s3.settings;
    const GiB = 1024 ** 3;
    const { openStore } = await import('../../activities/stores/open-store.ts');
    const custom = openStore(settings, s3.resources).maxObjectBytes;
    const aws = openStore({ ...settings, endpoint: undefined }, s3.resources).maxObjectBytes;
    expect(custom).toBeGreaterThan(30 * GiB);
    expect(aws).toBeGreaterThan(500 * GiB);
  });

  it('many streams share a byte budget that is smaller than their parts together', async () => {
    await open();
    const own = await simulatedS3({ budgetBytes: 3 * PART });
    const many = own.open();
    const bytes = someBytes(12 * PART + 5);
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => many.create(`t/${i}`, stream(bytes, 10_000))),
    );
    expect(own.simulator.bucket.objects.size).toBe(12);
    for (const { body } of own.simulator.bucket.objects.values()) {
      expect(body.equals(bytes)).toBe(true);
    }
    expect(own.resources.budget.held).toBe(0);
    await own.close();
  });
});
