import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { isLocked } from '../faults/audit.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { causeOf, HASTE } from '../workflows/world.ts';
import { enterpriseWorld, type EnterpriseWorld, linesOf } from './influxdb-3-enterprise.ts';

let world: EnterpriseWorld;
let holdfast: Holdfast;
let store: TemporaryFolder;
let backup: string;

/** Without a setting that would tell that both are one cluster. */
const [FIRST, SECOND, HASTY] = ['metrics', 'metrics-by-another-name', 'metrics-in-haste'];

beforeAll(async () => {
  world = await enterpriseWorld({ nodes: [{ role: 'query' }, { role: 'compact' }] });
  store = await temporaryFolder('store');
  world.simulator.cluster.write('telemetry', linesOf('one', 30));
  const target = (lockWait: string) => ({
    product: 'influxdb-3-enterprise',
    connection: world.connection(),
    store: 'disk',
    safetyBackup: false,
    timeouts: { ...HASTE, lockWait },
  });
  holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    config: {
      stores: { disk: { type: 'directory', path: store.path } },
      targets: { [FIRST]: target('4m'), [SECOND]: target('4m'), [HASTY]: target('1s') },
    },
  });
  ({ backup } = await holdfast.run('backup', { target: FIRST }));
  await holdfast.client.workflow.getHandle(`copy/${FIRST}/${backup}`).result();
});
afterEach(() => world.faults.release?.());
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await world?.[Symbol.asyncDispose]();
});

const into = (destination: string) => ({
  target: FIRST,
  backup,
  into: destination,
  confirm: destination,
});
const asked = () =>
  world.simulator.nodes
    .flatMap(({ requests }) => requests)
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/restore')).length;

/** A restore into the first target that goes on until the jobs are released. */
async function restoring() {
  world.faults.holdJobs?.();
  const handle = await holdfast.start('restore', into(FIRST));
  await expect.poll(() => world.simulator.cluster.restoring).toBe(true);
  return { handle, before: asked() };
}

describe('two targets of one cluster', () => {
  test('restore one after the other', async () => {
    const { handle: first, before } = await restoring();
    const second = await holdfast.start('restore', into(SECOND));
    const progress = () => second.query<Progress>('progress');
    await expect.poll(async () => (await progress()).waitingFor).toBe(first.workflowId);
    expect(asked()).toBe(before);
    world.faults.release?.();
    const reports = await Promise.all([first.result(), second.result()]);
    expect(reports).toMatchObject([{ restored: ['telemetry'] }, { restored: ['telemetry'] }]);
    const [later, earlier] = world.simulator.cluster.restores;
    expect(Number(later?.createdAt)).toBeGreaterThanOrEqual(Number(earlier?.completedAt));
  });

  test('are refused when a person will not wait so long, and skipped when a schedule began them', async () => {
    const { handle: first, before } = await restoring();
    const refused = await holdfast.run('restore', into(HASTY)).catch(causeOf);
    expect(refused).toMatchObject({
      type: 'LOCK_HELD',
      message: expect.stringContaining(first.workflowId) as string,
    });

    const schedule = await holdfast.client.schedule.create({
      scheduleId: `backup/${HASTY}`,
      spec: {},
      policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL },
      action: {
        type: 'startWorkflow',
        workflowType: 'backup',
        workflowId: `backup/${HASTY}/scheduled`,
        taskQueue: TASK_QUEUE,
        args: [{ target: HASTY }],
      },
    });
    await schedule.trigger();
    const started = async () =>
      (await schedule.describe()).info.recentActions[0]?.action.workflow.workflowId ?? '';
    await expect.poll(started).not.toBe('');
    const skipped: unknown = await holdfast.client.workflow.getHandle(await started()).result();
    expect(skipped).toMatchObject({ skipped: true, heldBy: first.workflowId });
    await schedule.delete();

    expect(asked()).toBe(before);
    expect(await isLocked(holdfast.client, `target/${HASTY}`)).toBe(false);
    world.faults.release?.();
    await first.result();
  });
});
