import { describe, expect, it } from 'vitest';
import { ALWAYS, holding, type Fault, type Operation } from '../simulators/s3/faults.ts';
import { expectFailure } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';
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
import { ticksUntil } from '../support/ticks.ts';
import { PROMISED_TICKS, someBytes, stalled, stream } from './sources.ts';

underFault();

describe('an unclear commit', () => {
  it('an error inside a 200 is a failure when nothing was committed', async () => {
    await open();
    plan(
      'CompleteMultipartUpload',
      { kind: 'error-in-200', code: 'InternalError', executed: false },
      { times: ALWAYS },
    );
    await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    await expectNothing();
  });

  it('an error inside a 200 is a success when the object is there', async () => {
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

  it('a 200 without an object is a failure', async () => {
    await open();
    plan('CompleteMultipartUpload', { kind: 'lost-part' });
    await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    await expectNothing();
  });

  it('a Complete that takes longer than any stall is waited for', async () => {
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

  it('412 because of another writer is told, and its object stays', async () => {
    await open();
    const { fault, release } = holding();
    plan('CompleteMultipartUpload', fault);
    const creating = store.create(KEY, stream(someBytes(LONG)));
    await expect.poll(() => asked('CompleteMultipartUpload')).toBe(1);
    await store.put(KEY, Buffer.from('the other one'));
    release();
    await expectFailure(creating, 'OBJECT_EXISTS');
    expect(kept()?.toString()).toBe('the other one');
  });

  it('412 because of our own lost answer is a success', async () => {
    await open();
    plan('PutObject', { kind: 'lost-answer' });
    await store.put(KEY, Buffer.from('x'));
    expect(asked('PutObject')).toBe(2);
    expect(kept()?.toString()).toBe('x');
  });

  it('409 on a single put is tried again', async () => {
    await open();
    plan('PutObject', answer(409, 'ConditionalRequestConflict'), { times: 2 });
    await store.put(KEY, Buffer.from('x'));
    expect(asked('PutObject')).toBe(3);
  });

  it('409 on Complete ends this upload, to be started again by the next attempt', async () => {
    await open();
    plan('CompleteMultipartUpload', answer(409, 'ConditionalRequestConflict'), { times: ALWAYS });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.retryable).toBe(true);
    await expectNothing();
  });

  it('NoSuchUpload is a success when our object is there', async () => {
    await open();
    const bytes = someBytes(LONG);
    // Executed, but not heard; the second Complete finds the upload gone.
    plan('CompleteMultipartUpload', { kind: 'lost-answer' });
    plan('HeadObject', answer(404, 'NotFound'));
    await store.create(KEY, stream(bytes));
    expect(kept()?.equals(bytes)).toBe(true);
    expect(asked('CompleteMultipartUpload')).toBe(2);
  });

  it('NoSuchUpload without an object is a failure that the next attempt can mend', async () => {
    await open();
    plan('CompleteMultipartUpload', answer(404, 'NoSuchUpload'), { times: ALWAYS });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.retryable).toBe(true);
    await expectNothing();
  });

  it('an object that came out shorter than it was sent is removed and told', async () => {
    await open();
    plan('CompleteMultipartUpload', { kind: 'lost-part' });
    const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'STORE_ERROR');
    expect(error.message).toContain('wrong length');
    await expectNothing();
  });
});

describe('an abort while the store misbehaves', () => {
  const stalls: [string, Operation, Fault][] = [
    ['Create stalls', 'CreateMultipartUpload', { kind: 'stall', executed: false }],
    ['a part stalls', 'UploadPart', { kind: 'stall', executed: false }],
    ['a part is not read', 'UploadPart', { kind: 'stall-upload' }],
    ['Complete stalls', 'CompleteMultipartUpload', { kind: 'stall', executed: false }],
  ];
  for (const [title, step, fault] of stalls) {
    it(`${title}: the call ends within a second, with the abort's own reason`, async () => {
      await open();
      plan(step, fault, { times: ALWAYS });
      const controller = new AbortController();
      const reason = new Error('cancelled by the user');
      const creating = store.create(KEY, stream(someBytes(LONG)), controller);
      const settled = creating.catch((error: unknown) => error);
      await expect.poll(() => asked(step), { interval: 5 }).toBeGreaterThan(0);
      controller.abort(reason);
      expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
      expect(await settled).toBe(reason);
      await expectNothing();
    });
  }

  it('parts are refused: the call ends between two tries, with the reason of the abort', async () => {
    const patient = await simulatedS3({ retry: { tries: 4, pauseMs: 600_000 } });
    try {
      patient.simulator.plan({ on: 'UploadPart', fault: answer(503, 'SlowDown'), times: ALWAYS });
      const controller = new AbortController();
      const reason = new Error('cancelled by the user');
      const refused = patient.open();
      const creating = refused.create(KEY, stream(someBytes(LONG)), controller);
      const settled = creating.catch((error: unknown) => error);
      const parts = () => patient.simulator.seen.filter((one) => one.operation === 'UploadPart');
      await expect.poll(parts).not.toHaveLength(0);
      controller.abort(reason);
      expect(await settled).toBe(reason);
      await expect.poll(() => patient.simulator.bucket.uploads.size).toBe(0);
    } finally {
      await patient.close();
    }
  });

  it('the call ends within a second even if AbortMultipartUpload stalls; it is tried on behind it', async () => {
    await open();
    plan('AbortMultipartUpload', { kind: 'stall', executed: false });
    const controller = new AbortController();
    const creating = store.create(KEY, stalled(someBytes(LONG)), controller);
    const settled = creating.catch(() => 'ended');
    await expect.poll(() => asked('UploadPart'), { interval: 5 }).toBeGreaterThan(0);
    controller.abort(new Error('cancelled'));
    expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
    expect(await settled).toBe('ended');
    expect(s3.simulator.bucket.uploads.size).toBe(1);
    await expectNothing();
  });

  it('an upload that a late part revives after its abort is ended again', async () => {
    await open();
    plan('UploadPart', { kind: 'stall', executed: false }, { times: ALWAYS });
    const controller = new AbortController();
    const creating = store.create(KEY, stream(someBytes(LONG)), controller);
    const settled = creating.catch((error: unknown) => error);
    await expect.poll(() => asked('UploadPart'), { interval: 5 }).toBeGreaterThan(0);
    const { uploads } = s3.simulator.bucket;
    const [upload] = [...uploads.values()];
    const look = uploads.get.bind(uploads);
    let revived = 0;
    uploads.get = (id) => {
      const found = look(id);
      // The abort has been answered, and so will be the look whether it worked.
      if (upload && !found && revived++ === 0) setImmediate(() => uploads.set(id, upload));
      return found;
    };
    controller.abort(new Error('cancelled'));
    expect(await settled).toMatchObject({ message: 'cancelled' });
    await expectNothing();
    expect(revived).toBeGreaterThan(1);
  });

  it('a commit under way when the abort comes is let finish, so that nothing is in doubt', async () => {
    await open();
    const bytes = someBytes(LONG);
    const { fault, release } = holding();
    plan('CompleteMultipartUpload', fault);
    const controller = new AbortController();
    const creating = store.create(KEY, stream(bytes), controller);
    await expect.poll(() => asked('CompleteMultipartUpload'), { interval: 5 }).toBe(1);
    controller.abort(new Error('cancelled'));
    release();
    expect(await creating).toMatchObject({ key: KEY, bytes: LONG });
    expect(kept()?.equals(bytes)).toBe(true);
  });
});
