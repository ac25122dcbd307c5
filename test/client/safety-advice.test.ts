import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createBucket, writeLines } from '../support/influx.ts';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand, start } from './command.ts';

let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 1 });
  world.config.targets['spare']!['safetyBackup'] = true;
  await world.holdfast.configure(world.config);
  await createBucket(world.spare, 'history');
  await writeLines(world.spare, 'history', ['cpu,host=a v=1 3600']);
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
  };
  await world.holdfast.run('backup', { target: 'metrics' });
});
afterAll(() => world?.stop());

it('whoever waits for a safety backup that keeps failing hears that it is one, and how to do without', async () => {
  world.spare.switches.shardReset = true;
  const args = ['restore', 'metrics', '--into', 'spare', '--confirm', 'spare', '--yes'];
  const restoring = start(args, { env });
  await expect
    .poll(() => restoring.stderr(), { timeout: 40_000 })
    .toMatch(/^This is the backup of the destination .* restore with --no-safety-backup /m);
  expect(restoring.stderr()).toContain('backs up spare first; --no-safety-backup leaves that out');
  expect(restoring.stderr()).toMatch(/^safety backup: streaming$/m);

  const [, id = ''] = /^started (restore\/metrics\/\S+Z?)$/m.exec(
    restoring.stderr().split('REPLACES')[1] ?? '',
  ) ?? [''];
  const { stdout } = await runCommand(['status'], { env });
  expect(stdout).toMatch(
    new RegExp(`^${id} .* safety backup: streaming, attempt \\d+, last error`, 'm'),
  );
  expect((await runCommand(['status', id], { env })).stdout).toContain('--no-safety-backup');
  await runCommand(['cancel', id], { env });
  expect((await restoring.ended).code).toBe(6);
});
