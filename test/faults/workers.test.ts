import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { Step } from '../support/death-wish.ts';
import { pollersOf } from '../../client/temporal/workers.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { startTemporal } from '../support/temporal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { audit } from './audit.ts';
import { ending, until } from './following.ts';
import { bucketsOf, HASTE, pointsOf, setStage, type Stage } from './stage.ts';
import { PATIENCE_MS, workerStages } from './worker-stages.ts';

const { newStage, end: endStage } = workerStages(setStage);

async function expectWhole(stage: Stage, handle: WorkflowHandle): Promise<void> {
  const end = await ending(handle);
  const { backups, problems } = await audit(stage);
  expect(end).toMatchObject({ status: 'COMPLETED', report: { state: 'ok' } });
  expect({ backups, problems }).toEqual({ backups: [end.report['backup']], problems: [] });
}

test(
  'a worker that is stopped in mid-transfer is no cancel: the next one goes on',
  async () => {
    const stage = await newStage({ target: { timeouts: { ...HASTE, stall: '5m' } } });
    stage.source.switches.shardStalls = { shards: [40], times: 1 };
    const first = await stage.worker();
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await until('it streams', () => asked(stage, 'shards/40'));
    await first.stop();
    expect(first.output()).toContain('ended');
    await stage.worker();
    await expectWhole(stage, handle);
  },
  PATIENCE_MS,
);

test(
  'two workers on one backup share it and commit once',
  async () => {
    const stage = await newStage({ shards: 300 });
    stage.source.switches.bytesPerSecond = 40_000;
    const workers = [await stage.worker(), await stage.worker()];
    await until('both ask for work', async () => {
      const { client, namespace } = stage.holdfast;
      const place = { connection: client.connection, namespace, address: '' };
      const pollers = await pollersOf(place, TASK_QUEUE, 'activity');
      return workers.every(({ pid }) =>
        pollers.some(({ identity }) => identity.includes(`${pid}`)),
      );
    });
    const handle = await stage.holdfast.start('backup', { target: 'remote' });
    await expectWhole(stage, handle);
    const { events } = await handle.fetchHistory();
    const ran = new Set(
      (events ?? []).map((event) => event.activityTaskStartedEventAttributes?.identity ?? ''),
    );
    for (const { pid } of workers) expect([...ran].join()).toContain(String(pid));
  },
  PATIENCE_MS,
);

describe.concurrent('a worker that was out for longer than a heartbeat and comes back', () => {
  const backups: [string, string, Step][] = [
    ['in the midst of a page', 'metrics', 'transferPage link 30'],
    ['before it writes a receipt', 'metrics', 'transferPage link 7'],
    ['with a request to the store under way', 'remote', 'transferPage answer 12'],
    ['before it reads what it would commit', 'remote', 'commitBackup request 2'],
  ];
  test.each(backups)(
    '%s does a backup no harm that another one has finished',
    async (_, target, step) => {
      const stage = await newStage();
      const frozen = await stage.worker({ freezeAt: [step] });
      const handle = await stage.holdfast.start('backup', { target });
      expect(await frozen.frozen).toBe(step);
      await stage.worker();
      await expectWhole(stage, handle);
      const requests = stage.source.requests.length;
      await comeBack(frozen);
      await expectWhole(stage, handle);
      expect(stage.source.requests.length - requests).toBeLessThan(3);
    },
    PATIENCE_MS,
  );

  test(
    'with shards half sent does a restore no harm that another one has finished',
    async () => {
      const stage = await newStage();
      const frozen = await stage.worker({ freezeAt: ['restorePage request 15'] });
      await stage.holdfast.run('backup', { target: 'metrics' });
      const handle = await stage.holdfast.start('restore', {
        target: 'metrics',
        into: 'spare',
        select: { buckets: ['telemetry'] },
        rename: { 'acme/': 'other' },
      });
      await frozen.frozen;
      await stage.worker();
      expect(await ending(handle)).toMatchObject({ status: 'COMPLETED' });
      await comeBack(frozen);
      expect((await audit(stage)).problems).toEqual([]);
      expect(bucketsOf(stage.spare)).toEqual(['other/other', 'other/telemetry']);
      expect(await pointsOf(stage.spare, 'telemetry')).toEqual(
        await pointsOf(stage.source, 'telemetry'),
      );
    },
    PATIENCE_MS,
  );
});

test(
  'a Temporal server that is away for longer than a heartbeat does not end a backup',
  async () => {
    await using folder = await temporaryFolder('temporal');
    const database = join(folder.path, 'temporal.db');
    const server = await startTemporal({ database });
    const stage = await newStage({ address: server.address });
    await stage.worker();
    stage.source.switches.bytesPerSecond = 5_000;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await until('it streams', () => asked(stage, 'shards/9'));
    await server.server.kill();
    await sleep(5_000);
    stage.source.calm();
    await using again = await startTemporal({
      database,
      port: Number(server.address.split(':')[1]),
    });
    expect(again.address).toBe(server.address);
    await expectWhole(stage, handle);
    await endStage(stage);
  },
  PATIENCE_MS,
);

test(
  'a directory that another host claimed is refused, unless every host sees the same',
  async () => {
    const stage = await newStage();
    const here = await stage.worker();
    await stage.holdfast.run('backup', { target: 'metrics' });
    await here.kill();
    await stage.worker({ hostId: 'another' });
    const end = await ending(await stage.holdfast.start('backup', { target: 'metrics' }));
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_NOT_SHARED' });
    expect((await audit(stage)).problems).toEqual([]);
    stage.config.stores['disk'] = { ...stage.config.stores['disk'], shared: true };
    await stage.reconfigure();
    const shared = await ending(await stage.holdfast.start('backup', { target: 'metrics' }));
    expect(shared).toMatchObject({ status: 'COMPLETED' });
  },
  PATIENCE_MS,
);

/** Until all that it had under way has ended. */
async function comeBack(frozen: WorkerProcess): Promise<void> {
  frozen.thaw();
  await until('it ends what it was at', () => frozen.output().includes('left\n'));
}

function asked(stage: Stage, path: string): boolean {
  return stage.source.requests.some((request) => request.path.includes(path));
}
