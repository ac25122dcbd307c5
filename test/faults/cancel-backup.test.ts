import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';
import { unreadable } from '../support/unreadable.ts';
import { audit, isLocked } from './audit.ts';
import { ending, phase, progressOf, until } from './following.ts';
import { HASTE, setStage, type Stage } from './stage.ts';

/** Ten seconds are promised; what is held back in these tests is held for longer than this. */
const SOON_MS = 90_000;
let stage: Stage;
let before: string[];

beforeAll(async () => {
  stage = await setStage({ target: { timeouts: { ...HASTE, stall: '2m', lockWait: '2m' } } });
  await stage.holdfast.run('backup', { target: 'metrics' });
  await stage.holdfast.run('backup', { target: 'remote' });
  before = (await audit(stage)).backups;
});
afterAll(() => stage?.stop());
afterEach(async () => {
  stage.source.calm();
  stage.s3.calm();
  stage.source.requests.length = 0;
  stage.s3.seen.length = 0;
  expect(await audit(stage)).toEqual({ backups: before, problems: [] });
});

const bySignal = (handle: WorkflowHandle) => handle.signal('cancel', { reason: 'a test' });
const natively = async (handle: WorkflowHandle) => void (await handle.cancel());
const ways: [string, (handle: WorkflowHandle) => Promise<void>][] = [
  ['by signal', bySignal],
  ['by Temporal', natively],
];

/** Cancels, and sees to it that the run ends soon as canceled and that the source is left alone from then on. */
async function cancelled(
  handle: WorkflowHandle,
  cancel: (handle: WorkflowHandle) => Promise<void>,
): Promise<void> {
  const from = Date.now();
  await cancel(handle);
  const end = await ending(handle);
  expect(end).toMatchObject({ status: 'CANCELLED', warnings: [] });
  expect(Date.now() - from).toBeLessThan(SOON_MS);
  const count = stage.source.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(stage.source.requests.length).toBe(count);
  for (const target of ['metrics', 'remote']) {
    expect(await isLocked(stage.holdfast.client, `target/${target}`)).toBe(false);
  }
}

describe.each(ways)('a backup that is cancelled %s leaves nothing', (_, cancel) => {
  test('before a worker looked at it', async () => {
    await cancelled(await stage.holdfast.start('backup', { target: 'metrics' }), cancel);
  });

  test('while the source does not answer', async () => {
    stage.source.switches.silent = true;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await phase(handle, 'preflight');
    await cancelled(handle, cancel);
  });

  test('while metadata are captured', async () => {
    stage.source.switches.firstByteMs = 600_000;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await phase(handle, 'capturing');
    await cancelled(handle, cancel);
  });

  test.each(['metrics', 'remote'])('while the source of %s stalls', async (target) => {
    stage.source.switches.shardStalls = { shards: [9, 30, 31, 60] };
    const handle = await stage.holdfast.start('backup', { target });
    await phase(handle, 'streaming');
    await until('shards are asked for', () => asked(/shards\/30/));
    await cancelled(handle, cancel);
  });

  test('while the store stalls', async () => {
    stage.s3.plan({
      on: ['PutObject', 'UploadPart'],
      key: /data\/.*\.tar/,
      skip: 5,
      times: ALWAYS,
      fault: { kind: 'stall', executed: false },
    });
    const handle = await stage.holdfast.start('backup', { target: 'remote' });
    await phase(handle, 'streaming');
    await until('objects are written', () => written(/data\/.*\.tar/) > 6);
    await cancelled(handle, cancel);
  });

  test('while the store has done what it does not answer', async () => {
    stage.s3.plan({
      on: 'PutObject',
      key: /data\/.*\.tar/,
      skip: 5,
      times: ALWAYS,
      fault: { kind: 'stall', executed: true },
    });
    const handle = await stage.holdfast.start('backup', { target: 'remote' });
    await phase(handle, 'streaming');
    await until('objects are written', () => written(/data\/.*\.tar/) > 6);
    await cancelled(handle, cancel);
  });

  test('while it waits for a lock', async () => {
    stage.source.switches.firstByteMs = 600_000;
    const holder = await stage.holdfast.start('backup', { target: 'metrics' });
    await phase(holder, 'capturing');
    const waiting = await stage.holdfast.start('backup', { target: 'metrics' });
    await until('it waits', async () => {
      const { waitingFor } = await waiting.query<{ waitingFor?: string }>('progress');
      return waitingFor === holder.workflowId;
    });
    await cancel(waiting);
    expect(await ending(waiting)).toMatchObject({ status: 'CANCELLED' });
    expect(await isLocked(stage.holdfast.client, 'target/metrics')).toBe(true);
    await cancelled(holder, cancel);
  });

  test('and stays when the cancel comes during the commit', async () => {
    const { fault, release } = holding();
    stage.s3.plan({ on: 'PutObject', key: /backup\.json/, times: ALWAYS, fault });
    const handle = await stage.holdfast.start('backup', { target: 'remote' });
    await phase(handle, 'committing');
    await until('the manifest is written', () => written(/backup\.json/) > 0);
    await cancel(handle);
    release();
    const end = await ending(handle);
    expect(end).toMatchObject({ status: 'COMPLETED' });
    expect(end.warnings).toContain('CANCELLED_AFTER_COMMIT');
    before = [...before, String(end.report['backup'])].toSorted();
  });
});

describe('a backup that is cancelled', () => {
  test('twice, also while it cleans up, ends once', async () => {
    stage.source.switches.shardStalls = true;
    const { fault, release } = holding();
    stage.s3.plan({ on: 'DeleteObjects', times: ALWAYS, fault });
    const handle = await stage.holdfast.start('backup', { target: 'remote' });
    await phase(handle, 'streaming');
    await bySignal(handle);
    await bySignal(handle);
    await phase(handle, 'removing');
    await handle.cancel();
    await cancelled(handle, async () => {
      await bySignal(handle);
      release();
    });
  });

  test.each([[[]], [['a word']], [[7]], [[null]], [[{ reason: { deep: [] } }]], [[1, 2, 3]]])(
    'with the payload %j is cancelled all the same',
    async (payload) => {
      stage.source.switches.firstByteMs = 600_000;
      const handle = await stage.holdfast.start('backup', { target: 'metrics' });
      await phase(handle, 'capturing');
      await cancelled(handle, (one) => one.signal('cancel', ...payload));
    },
  );

  test('with a payload that no converter reads is cancelled all the same', async () => {
    stage.source.switches.firstByteMs = 600_000;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await phase(handle, 'capturing');
    await handle.signal('figures', unreadable());
    await cancelled(handle, (one) => one.signal('cancel', unreadable()));
  });

  test('takes no notice of nonsense in its other signals', async () => {
    stage.source.switches.firstByteMs = 600_000;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await phase(handle, 'capturing');
    const figures = { activity: 'a', artifacts: 0, bytes: 1, attempt: 1 };
    const senseless = [{ bytes: -1 }, { bytes: 1e-9 }, { artifacts: 0.5 }, { product: {} }].map(
      (part) => ({ ...figures, ...part }),
    );
    for (const nonsense of ['x', null, 7, {}, { activity: 1 }, ...senseless]) {
      await handle.signal('figures', nonsense);
    }
    expect(await progressOf(handle)).toMatchObject({ bytes: { done: 0 }, artifacts: { done: 0 } });
    expect(await progressOf(handle)).not.toHaveProperty('product');
    await handle.signal('no-such-signal', {});
    await stage.holdfast.client.workflow.getHandle('target/metrics').signal('no-such-signal');
    await stage.holdfast.client.workflow.getHandle('target/metrics').cancel();
    expect(await isLocked(stage.holdfast.client, 'target/metrics')).toBe(true);
    await cancelled(handle, natively);
  });
});

function asked(path: RegExp): boolean {
  return stage.source.requests.some((request) => path.test(request.path));
}

function written(key: RegExp): number {
  const puts = stage.s3.seen.filter(({ operation }) => operation === 'PutObject');
  return puts.filter((request) => key.test(request.key)).length;
}
