import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopyOptions, Store } from '../../activities/stores/store.ts';
import {
  ALWAYS,
  holding,
  type Fault,
  type FaultRule,
  type Operation,
} from '../simulators/s3/faults.ts';
import { ticksUntil } from '../support/ticks.ts';
import { expectFailure } from './conformance.ts';
import { IMPATIENT, simulatedS3 } from './s3-simulator.ts';
import { PROMISED_TICKS, someBytes } from './sources.ts';

const WHOLE = 64 * 1024;
const SHORT = 1000;
const LONG = 5 * WHOLE + 1;
const KEY = 'articles/2026-11-20t02-00-00z-7f3a1c/data/chunk-1';

let s3: Awaited<ReturnType<typeof simulatedS3>>;
let source: Store;
let store: Store;

beforeEach(async () => {
  s3 = await simulatedS3({ ...IMPATIENT, copy: { wholeBytes: WHOLE, partBytes: WHOLE } });
  source = s3.open({ name: 'product', prefix: 'weaviate' });
  store = s3.open();
  await store.put('warm/up', Buffer.from('x'));
});
afterEach(async () => {
  await store.close();
  expect([...s3.simulator.bucket.uploads.values()], 'open uploads').toEqual([]);
  await s3.close();
});

const plan = (on: Operation, fault: Fault, rule: Partial<FaultRule> = {}) =>
  s3.simulator.plan({ on, fault, ...rule });
const answer = (status: number, code: string): Fault => ({ kind: 'answer', status, code });
const asked = (operation: Operation) =>
  s3.simulator.seen.filter((request) => request.operation === operation).length;
const kept = () => s3.simulator.bucket.objects.get(`holdfast/${KEY}`)?.body;

async function given(length: number): Promise<Buffer> {
  const bytes = someBytes(length);
  await source.put('id/node1/chunk-1', bytes);
  s3.simulator.seen.length = 0;
  return bytes;
}

const copy = (options: CopyOptions = {}) =>
  store.copyFrom(source, 'id/node1/chunk-1', KEY, options);

describe('a copy by the store itself, under fault', () => {
  it.each([
    ['is asked for again after 503', 'CopyObject', SHORT, answer(503, 'SlowDown')],
    ['asks for a part again after 503', 'UploadPartCopy', LONG, answer(503, 'SlowDown')],
    [
      'takes an error inside a 200 for a failure that passes',
      'CopyObject',
      SHORT,
      { kind: 'error-in-200', code: 'InternalError', executed: false },
    ],
    [
      'takes an error inside a 200 for a success when the object is there',
      'CopyObject',
      SHORT,
      { kind: 'error-in-200', code: 'InternalError', executed: true },
    ],
    [
      'takes a part again after an error inside a 200',
      'UploadPartCopy',
      LONG,
      { kind: 'error-in-200', code: 'InternalError', executed: false },
    ],
    ['finds its own object after a lost answer', 'CopyObject', SHORT, { kind: 'lost-answer' }],
    ['takes a part again after a lost answer', 'UploadPartCopy', LONG, { kind: 'lost-answer' }],
    [
      'finds its own object after a lost Complete',
      'CompleteMultipartUpload',
      LONG,
      { kind: 'lost-answer' },
    ],
    [
      'is asked for again after a conflict',
      'CopyObject',
      SHORT,
      answer(409, 'ConditionalRequestConflict'),
    ],
  ] as [string, Operation, number, Fault][])('%s', async (_, on, length, fault) => {
    const bytes = await given(length);
    plan(on, fault);
    expect(await copy()).toMatchObject({ key: KEY, bytes: length });
    expect(kept()?.equals(bytes)).toBe(true);
    expect(s3.simulator.bucket.writes.get(`holdfast/${KEY}`)).toBe(1);
  });

  it('fails, and leaves nothing, when every try ends in an error inside a 200', async () => {
    for (const [on, length] of [
      ['CopyObject', SHORT],
      ['UploadPartCopy', LONG],
    ] as const) {
      await source.remove(['id/node1/chunk-1']);
      await given(length);
      plan(on, { kind: 'error-in-200', code: 'InternalError', executed: false }, { times: ALWAYS });
      const error = await expectFailure(copy(), 'STORE_ERROR');
      expect(error.retryable).toBe(true);
      await store.close();
      expect(kept()).toBeUndefined();
    }
  });

  it('never mixes two objects when the source is replaced between its parts', async () => {
    await given(LONG);
    const { etag } = (await source.head('id/node1/chunk-1'))!;
    const { fault, release } = holding();
    plan('UploadPartCopy', fault, { skip: 3, times: ALWAYS });
    const copying = copy({ etag: etag! });
    copying.catch(() => undefined);
    await expect.poll(() => asked('UploadPartCopy'), { interval: 5 }).toBeGreaterThan(3);
    await source.overwrite('id/node1/chunk-1', someBytes(LONG));
    release();
    await expectFailure(copying, 'OBJECT_CHANGED');
    await store.close();
    expect(kept()).toBeUndefined();
  });

  it.each([
    ['cannot', answer(501, 'NotImplemented')],
    ['may not', answer(403, 'AccessDenied')],
  ])('says that the service %s do it, and does not ask again', async (_, fault) => {
    for (const [on, length] of [
      ['CopyObject', SHORT],
      ['UploadPartCopy', LONG],
    ] as const) {
      await source.remove(['id/node1/chunk-1']);
      await given(length);
      plan(on, fault, { times: ALWAYS });
      expect(await copy()).toBeUndefined();
      await store.close();
      const before = asked(on);
      expect(await copy()).toBeUndefined();
      expect(asked(on)).toBe(before);
      expect(kept()).toBeUndefined();
    }
  });

  it('copies without the condition where it is not known, and still never overwrites', async () => {
    const bytes = await given(SHORT);
    plan('CopyObject', { kind: 'refused-header', header: 'if-none-match' }, { times: ALWAYS });
    await copy();
    expect(kept()?.equals(bytes)).toBe(true);
    await expectFailure(copy(), 'OBJECT_EXISTS');
  });

  it('spares the looks at what was seen before, and is as careful', async () => {
    const bytes = await given(SHORT);
    const seen = (await source.head('id/node1/chunk-1'))!;
    const known = { etag: seen.etag, bytes: seen.bytes, fresh: true };
    s3.simulator.seen.length = 0;
    await copy(known);
    expect(s3.simulator.seen.map(({ operation }) => operation)).toEqual(['CopyObject']);
    expect(kept()?.equals(bytes)).toBe(true);
    await expectFailure(copy(known), 'OBJECT_EXISTS');
    await store.remove([KEY]);
    await source.overwrite('id/node1/chunk-1', someBytes(SHORT));
    await expectFailure(copy(known), 'OBJECT_CHANGED');
    await source.remove(['id/node1/chunk-1']);
    const gone = await expectFailure(copy(known), 'OBJECT_MISSING');
    expect(gone.message).toContain('Store product');
    expect(kept()).toBeUndefined();
  });

  it('is not tried with another access key', async () => {
    await given(SHORT);
    process.env.HOLDFAST_TEST_OTHER_KEY = 'another-key';
    const other = s3.open({
      name: 'product',
      prefix: 'weaviate',
      credentials: {
        accessKeyId: { env: 'HOLDFAST_TEST_OTHER_KEY' },
        secretAccessKey: { env: 'HOLDFAST_TEST_S3_SECRET' },
      },
    });
    expect(await store.copyFrom(other, 'id/node1/chunk-1', KEY)).toBeUndefined();
    expect(asked('CopyObject')).toBe(0);
  });

  it.each([
    ['a copy stalls', 'CopyObject', SHORT],
    ['the copy of a part stalls', 'UploadPartCopy', LONG],
    ['Complete stalls', 'CompleteMultipartUpload', LONG],
  ] as const)(
    '%s: an abort ends it within a second, with its own reason',
    async (_, on, length) => {
      await given(length);
      plan(on, { kind: 'stall', executed: false }, { times: ALWAYS });
      const controller = new AbortController();
      const reason = new Error('cancelled by the user');
      const settled = copy(controller).catch((error: unknown) => error);
      await expect.poll(() => asked(on), { interval: 5 }).toBeGreaterThan(0);
      controller.abort(reason);
      expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
      expect(await settled).toBe(reason);
      await store.close();
      expect(kept()).toBeUndefined();
    },
  );
});
