import { describe, expect, it } from 'vitest';
import { type Fault, type Operation } from '../simulators/s3/faults.ts';
import { expectFailure } from './conformance.ts';
import { PART } from './s3-simulator.ts';
import {
  answer,
  asked,
  expectNothing,
  kept,
  KEY,
  LONG,
  open,
  plan,
  s3,
  store,
  underFault,
} from './s3-under-fault.ts';
import { collect, listOf, someBytes, stream } from './sources.ts';

underFault();

describe('trouble that passes', () => {
  const passing: [string, Fault][] = [
    ['500', answer(500, 'InternalError')],
    ['503', answer(503, 'SlowDown')],
    ['429', answer(429, 'TooManyRequests')],
    ['a connection that is cut in the middle of a body', { kind: 'reset-upload', afterBytes: 10 }],
    ['a request that is never answered', { kind: 'stall', executed: false }],
    ['a body that is never read', { kind: 'stall-upload' }],
    ['an answer that is lost', { kind: 'lost-answer' }],
    ['an answer that never comes', { kind: 'stall', executed: true }],
  ];
  const steps: Operation[] = ['UploadPart', 'CompleteMultipartUpload'];

  for (const [title, fault] of passing) {
    for (const step of steps) {
      it(`${title}: ${step} is tried again, with the same bytes`, async () => {
        await open();
        const bytes = someBytes(LONG);
        plan(step, fault, step === 'UploadPart' ? { skip: 2 } : {});
        expect(await store.create(KEY, stream(bytes))).toMatchObject({ key: KEY, bytes: LONG });
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

  it('500 and 503: CreateMultipartUpload, reading, listing and removing are tried again', async () => {
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

  it('503 lowers the number of requests at a time, which grows again slowly', async () => {
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

describe('credentials', () => {
  it('credentials that were changed in mid-run are read again, and the run goes on', async () => {
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

  it('a request that was refused for its time is signed anew, with the time of the store', async () => {
    await open();
    const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    const code = 'RequestTimeTooSkewed';
    plan('PutObject', { kind: 'answer', status: 403, code, headers });
    await store.put(KEY, Buffer.from('x'));
    const dates = s3.simulator.seen.map((request) => String(request.headers['x-amz-date']));
    const [before = 0, after = 0] = dates.slice(-2).map((date) => Number(date.slice(9, 11)));
    expect((after - before + 24) % 24).toBe(1);
  });

  it('credentials that stay refused are a named failure without a retry, and nothing is committed', async () => {
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
