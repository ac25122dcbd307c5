import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand } from './command.ts';

let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 1 });
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
  };
  await world.holdfast.run('backup', { target: 'metrics' });
  // The worker beside the database is lost with it.
  world.config.targets['metrics']!['taskQueue'] = 'near-metrics';
  await world.holdfast.configure(world.config);
});
afterAll(() => world?.stop());

it('a restore that waits for the worker beside a lost database names its queue, and the way to go on', async () => {
  const run = (...args: string[]) => runCommand(args, { env });
  const restore = ['restore', 'metrics', '--into', 'spare', '--confirm', 'spare'];
  const { code, result } = await run(...restore, '--yes', '--json');
  expect(code).toBe(7);
  const hint = expect.stringMatching(
    /^Start `holdfast worker --task-queue near-metrics`; .* on any other/,
  ) as string;
  expect(result).toMatchObject({ error: { code: 'WORKER_MISSING', hint } });

  const { stdout } = await run('status');
  const waits = /^(restore\/metrics\/\S+) .* waiting for a worker on the task queue near-metrics$/m;
  expect(stdout).toMatch(waits);
  const detail = await run('status', waits.exec(stdout)![1]!);
  expect(detail.stdout).toContain('holdfast worker --task-queue near-metrics');
  const [waiting] = (await run('status', '--json')).result['runs'] as object[];
  expect(waiting).toMatchObject({ noWorkerOn: 'near-metrics' });
});
