import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand, type Ran } from './command.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 5 });
  await world.holdfast.run('backup', { target: 'metrics' });
});
afterAll(() => world?.stop());

const run = (...args: string[]): Promise<Ran> =>
  runCommand(args, {
    env: {
      HOLDFAST_CONFIG: world.holdfast.configPath,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: world.holdfast.namespace,
    },
  });

it('a restore into another target is told and cancelled by the name of the one that it writes into', async () => {
  world.spare.switches.restoreAnswerMs = 600_000;
  const workflowId = 'restore/metrics/elsewhere';
  await world.holdfast.start(
    'restore',
    { target: 'metrics', into: 'spare', select: { buckets: ['telemetry'] } },
    workflowId,
  );
  const locked = () => world.holdfast.client.workflow.getHandle('target/spare').describe();
  await expect
    .poll(async () => (await locked().catch(() => undefined))?.status.name, { timeout: 60_000 })
    .toBe('RUNNING');

  const { result } = await run('status', 'spare', '--limit', '0', '--json');
  expect(result['runs']).toMatchObject([{ workflowId, target: 'metrics', into: 'spare' }]);
  const { stdout } = await run('status', 'spare', '--limit', '0');
  expect(stdout).toMatch(/^restore\/metrics\/elsewhere +running .* into spare, /m);
  const own = await run('status', 'metrics', '--limit', '0', '--json');
  expect(own.result['runs']).toMatchObject([{ workflowId }]);
  expect(own.stdout).not.toContain('"into":"spare"');

  const cancelled = await run('cancel', 'spare', '--json');
  expect(cancelled.result).toMatchObject({ workflowId, cancelled: true });
  expect(cancelled.code).toBe(6);
  expect((await run('cancel', 'spare', '--json')).result).toMatchObject({
    error: { code: 'RUN_UNKNOWN' },
  });

  const ended = await run('status', 'spare');
  expect(ended.stdout).toBe(
    'No run of spare is under way, and Temporal lists none that ended. A restore into spare that has ended is listed under the target whose backup it was.\n',
  );
  expect((await run('status', 'spare', '--limit', '0')).stdout).toBe(
    'No run of spare is under way.\n',
  );
  const underWay = async () => (await run('status', '--limit', '0')).stdout;
  await expect.poll(underWay).toBe('No run is under way.\n');
});
