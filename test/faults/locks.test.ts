import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleOverlapPolicy, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { filesBelow } from '../support/files-below.ts';
import { audit, isLocked } from './audit.ts';
import { ending, phase, progressOf, until } from './following.ts';
import { bucketsOf, HASTE, setStage, type Stage } from './stage.ts';

let stage: Stage;
/** Ids of backups whose runs were ended by hand: what they left is found later, by whoever looks for leftovers. */
let ended: string[] = [];

beforeAll(async () => {
  stage = await setStage({ target: { timeouts: { ...HASTE, stall: '2m' } } });
  for (const name of ['first', 'second']) {
    stage.config.targets[name] = {
      ...stage.config.targets['metrics'],
      cluster: 'one',
      timeouts: { ...HASTE, stall: '2m', lockWait: '2m' },
    };
  }
  // Long enough for the pause that gives the last holder's activities time to end to be seen.
  stage.config.targets['fenced'] = {
    ...stage.config.targets['metrics'],
    timeouts: { ...HASTE, heartbeat: '10s', stall: '2m' },
  };
  await stage.reconfigure();
});
afterAll(() => stage?.stop());
afterEach(async () => {
  stage.source.calm();
  stage.spare.calm();
  stage.source.requests.length = 0;
  stage.spare.requests.length = 0;
  const { problems } = await audit(stage);
  const known = (problem: string) => ended.some((id) => problem.includes(`/${id}/`));
  expect(problems.filter((problem) => !known(problem))).toEqual([]);
  for (const target of ['metrics', 'spare', 'fenced']) {
    expect(await isLocked(stage.holdfast.client, `target/${target}`)).toBe(false);
  }
});

const backup = (target = 'metrics') => stage.holdfast.start('backup', { target });

/** A backup that captures until the source is calmed. */
async function capturing(target: string): Promise<WorkflowHandle> {
  stage.source.switches.firstByteMs = 600_000;
  const handle = await backup(target);
  await phase(handle, 'capturing');
  await until('metadata are asked for', () => asked(/backup\/metadata/));
  return handle;
}

describe('a backup that meets another one of its target', () => {
  test('waits, tells for whom, and goes on once that one has ended', async () => {
    const first = await capturing('first');
    const second = await backup('first');
    await until('it says so', async () => {
      return (await progressOf(second)).waitingFor === first.workflowId;
    });
    stage.source.calm();
    expect(await ending(first)).toMatchObject({ status: 'COMPLETED' });
    expect(await ending(second)).toMatchObject({ status: 'COMPLETED' });
  });

  test('that stays longer than it may wait fails with its id, and does it no harm', async () => {
    const first = await capturing('metrics');
    const end = await ending(await backup());
    stage.source.calm();
    expect(end).toMatchObject({ status: 'FAILED', code: 'LOCK_HELD' });
    expect(end.message).toContain(first.workflowId);
    expect(await ending(first)).toMatchObject({ status: 'COMPLETED' });
  });

  test('is skipped, and says whom it met, when a schedule started it', async () => {
    const { client } = stage.holdfast;
    const schedule = await client.schedule.create({
      scheduleId: 'backup/metrics',
      spec: {},
      policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL },
      action: {
        type: 'startWorkflow',
        workflowType: 'backup',
        workflowId: 'backup/metrics/scheduled',
        taskQueue: TASK_QUEUE,
        args: [{ target: 'metrics' }],
      },
    });
    const first = await capturing('metrics');
    await schedule.trigger();
    let id = '';
    await until('the schedule starts it', async () => {
      const [latest] = (await schedule.describe()).info.recentActions;
      id = latest?.action.workflow.workflowId ?? '';
      return id !== '';
    });
    const end = await ending(client.workflow.getHandle(id));
    await schedule.delete();
    stage.source.calm();

    expect(end).toMatchObject({ status: 'COMPLETED' });
    expect(end.report).toMatchObject({ skipped: true, heldBy: first.workflowId });
    expect(await ending(first)).toMatchObject({ status: 'COMPLETED' });
  });

  test('that was terminated while it streams waits for its activities, and neither harms the other', async () => {
    Object.assign(stage.source.switches, { bytesPerSecond: 4_000, shardStalls: { shards: [60] } });
    const first = await backup('fenced');
    await phase(first, 'streaming');
    await until('it streams', () => asked(/shards\/20/));
    await first.terminate('by hand');
    const [left = 'nothing'] = await unfinished('fenced');
    ended = [...ended, left];
    const second = await backup('fenced');
    await phase(second, 'letting');
    await phase(second, 'capturing');
    stage.source.calm();
    const before = await filesOf(left);
    const end = await ending(second);

    expect(before).not.toEqual([]);
    expect(end).toMatchObject({ status: 'COMPLETED', report: { state: 'ok', artifacts: 72 } });
    expect(await filesOf(left)).toEqual(before);
  });

  test('on the way through a lock of their cluster waits, and then goes on', async () => {
    const first = await capturing('first');
    const second = await backup('second');
    await until('it waits', async () => {
      return (await progressOf(second)).waitingFor === first.workflowId;
    });
    expect(await isLocked(stage.holdfast.client, 'target/second')).toBe(false);
    stage.source.calm();
    expect(await ending(first)).toMatchObject({ status: 'COMPLETED' });
    expect(await ending(second)).toMatchObject({ status: 'COMPLETED' });
    expect(await isLocked(stage.holdfast.client, 'cluster/influxdb-v2/one')).toBe(false);
  });
});

test('a backup whose lock is ended by hand stops, cleans up and says so', async () => {
  stage.source.switches.shardStalls = { shards: [30] };
  const { backups } = await audit(stage);
  const run = await backup();
  await phase(run, 'streaming');
  await stage.holdfast.client.workflow.getHandle('target/metrics').terminate('by hand');
  const end = await ending(run);
  expect(end).toMatchObject({ status: 'FAILED', code: 'LOCK_LOST', warnings: [] });
  expect((await audit(stage)).backups).toEqual(backups);
});

describe('a restore and a backup of its destination', () => {
  test('exclude each other', async () => {
    stage.spare.switches.restoreAnswerMs = 600_000;
    const buckets = bucketsOf(stage.spare);
    const restore = await stage.holdfast.start('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { 'acme/': 'other' },
    });
    await phase(restore, 'restoring');
    const end = await ending(await backup('spare'));
    expect(end).toMatchObject({ status: 'FAILED', code: 'LOCK_HELD' });
    expect(end.message).toContain(restore.workflowId);
    await restore.cancel();
    expect(await ending(restore)).toMatchObject({ status: 'CANCELLED' });
    expect(bucketsOf(stage.spare)).toEqual(buckets);
  });

  test('whose restore was terminated leave no bucket under a name that one would take for good', async () => {
    stage.spare.switches.restoreAnswerMs = 600_000;
    const restore = await stage.holdfast.start('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { 'acme/': 'other', telemetry: 'half' },
    });
    await phase(restore, 'restoring');
    await restore.terminate('by hand');
    const next = await backup('spare');
    expect(await ending(next)).toMatchObject({ status: 'COMPLETED' });
    const names = bucketsOf(stage.spare);
    expect(names).not.toContain('other/half');
    expect(names.filter((name) => name.startsWith('other/half.restoring-'))).toHaveLength(1);
    await until('the restore has come to rest', async () => {
      const used = stage.spare.requests.length;
      await sleep(1_500);
      return stage.spare.requests.length === used;
    });
    ended = [...ended, ...(await audit(stage)).backups];
  });
});

function asked(path: RegExp): boolean {
  return stage.source.requests.some((request) => path.test(request.path));
}

/** The backups of a target without a manifest. */
async function unfinished(target: string): Promise<string[]> {
  const keys = await filesBelow(stage.disk);
  const ofTarget = keys.filter((key) => key.startsWith(`${target}/`));
  const ids = new Set(ofTarget.map((key) => key.split('/')[1] ?? ''));
  return [...ids].filter((id) => !keys.includes(`${target}/${id}/backup.json`));
}

async function filesOf(id: string): Promise<string[]> {
  return (await filesBelow(stage.disk)).filter((key) => key.includes(id)).toSorted();
}
