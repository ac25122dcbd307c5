import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';
import { audit, isLocked } from './audit.ts';
import { ending, phase, until } from './following.ts';
import { bucketsOf, HASTE, pointsOf, setStage, type Stage } from './stage.ts';

/** Ten seconds are promised; what is held back in these tests is held for longer than this. */
const SOON_MS = 90_000;
let stage: Stage;
let backups: string[];
let buckets: string[];

beforeAll(async () => {
  stage = await setStage({ target: { timeouts: { ...HASTE, stall: '2m' } } });
  stage.config.targets['spare'] = {
    ...stage.config.targets['spare'],
    timeouts: { ...HASTE, stall: '2m', lockWait: '2m' },
  };
  await stage.reconfigure();
  await stage.holdfast.run('backup', { target: 'remote' });
  backups = (await audit(stage)).backups;
  buckets = bucketsOf(stage.spare);
});
afterAll(() => stage?.stop());
afterEach(async () => {
  stage.spare.calm();
  stage.s3.calm();
  stage.spare.requests.length = 0;
  stage.s3.seen.length = 0;
  expect(await audit(stage)).toEqual({ backups, problems: [] });
});

const ways: [string, (handle: WorkflowHandle) => Promise<void>][] = [
  ['by signal', (handle) => handle.signal('cancel')],
  ['by Temporal', async (handle) => void (await handle.cancel())],
];

const start = () =>
  stage.holdfast.start('restore', {
    target: 'remote',
    into: 'spare',
    select: { buckets: ['telemetry'] },
    rename: { 'acme/': 'other' },
  });

async function cancelled(
  handle: WorkflowHandle,
  cancel: (handle: WorkflowHandle) => Promise<void>,
): Promise<void> {
  const from = Date.now();
  await cancel(handle);
  expect(await ending(handle)).toMatchObject({ status: 'CANCELLED' });
  expect(Date.now() - from).toBeLessThan(SOON_MS);
  expect(bucketsOf(stage.spare)).toEqual(buckets);
  const count = stage.spare.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(stage.spare.requests.length).toBe(count);
  expect(await isLocked(stage.holdfast.client, 'target/spare')).toBe(false);
}

describe.each(ways)(
  'a restore that is cancelled %s leaves its destination as it was',
  (_, cancel) => {
    test('before a worker looked at it', async () => {
      await cancelled(await start(), cancel);
    });

    test('while the destination does not answer', async () => {
      stage.spare.switches.silent = true;
      const handle = await start();
      await phase(handle, 'planning');
      await cancelled(handle, cancel);
    });

    test('when its bucket is created and nobody has written down where', async () => {
      stage.s3.plan({
        on: 'PutObject',
        key: /state\.json/,
        times: ALWAYS,
        fault: { kind: 'stall', executed: false },
      });
      const handle = await start();
      await phase(handle, 'preparing');
      await until('the bucket is created', () => bucketsOf(stage.spare).length > buckets.length);
      await cancelled(handle, cancel);
    });

    test('while the destination does not answer to a shard', async () => {
      stage.spare.switches.restoreAnswerMs = 600_000;
      const handle = await start();
      await phase(handle, 'restoring');
      await until('shards are sent', () => asked(/restore\/shards/));
      await cancelled(handle, cancel);
    });

    test('while the store stalls in mid-body', async () => {
      stage.s3.plan({
        on: 'GetObject',
        key: /data\/.*\.tar/,
        skip: 8,
        times: ALWAYS,
        fault: { kind: 'stall-download', afterBytes: 700 },
      });
      const handle = await start();
      await phase(handle, 'restoring');
      await until('objects are read', () => read(/data\/.*\.tar/) > 9);
      await cancelled(handle, cancel);
    });

    test('while it undoes, for a second time', async () => {
      stage.spare.switches.restoreAnswerMs = 600_000;
      const handle = await start();
      await phase(handle, 'restoring');
      await until('shards are sent', () => asked(/restore\/shards/));
      const { fault, release } = holding();
      stage.s3.plan({ on: 'GetObject', key: /plan\.json/, times: ALWAYS, fault });
      await cancel(handle);
      await phase(handle, 'undoing');
      await cancelled(handle, async () => {
        await cancel(handle);
        release();
      });
    });
  },
);

describe.each(ways)('a restore that is cancelled %s', (_, cancel) => {
  test('while it gives the final names is done, and says that the cancel came late', async () => {
    const { fault, release } = holding();
    stage.s3.plan({ on: 'PutObject', key: /proofs\//, times: ALWAYS, fault });
    const handle = await start();
    await phase(handle, 'finishing');
    await until('the proof is written', () => written(/proofs\//) > 0);
    await cancel(handle);
    release();
    const end = await ending(handle);
    expect(end).toMatchObject({ status: 'COMPLETED' });
    expect(end.warnings).toContain('CANCELLED_AFTER_RESTORE');
    expect(await pointsOf(stage.spare, 'telemetry')).toEqual(
      await pointsOf(stage.source, 'telemetry'),
    );
    const { state } = stage.spare;
    const [bucket] = state.metadata.buckets.filter(({ name }) => name === 'telemetry');
    if (bucket) await state.removeBucket(bucket);
  });
});

function asked(path: RegExp): boolean {
  return stage.spare.requests.some((request) => path.test(request.path));
}

function written(key: RegExp): number {
  const puts = stage.s3.seen.filter(({ operation }) => operation === 'PutObject');
  return puts.filter((request) => key.test(request.key)).length;
}

function read(key: RegExp): number {
  const gets = stage.s3.seen.filter(({ operation }) => operation === 'GetObject');
  return gets.filter((request) => key.test(request.key)).length;
}
