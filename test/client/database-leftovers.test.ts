import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand } from './command.ts';

let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 8 });
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
    TEST_SOURCE_TOKEN: world.source.token,
    TEST_SPARE_TOKEN: world.spare.token,
  };
});
afterAll(() => world?.stop());

/** A restore that has made its bucket, and is filling it. */
async function filling(telemetry: string) {
  const run = await world.holdfast.start('restore', {
    target: 'metrics',
    into: 'spare',
    select: { buckets: ['telemetry'] },
    rename: { telemetry },
  });
  await expect.poll(() => names().filter((name) => name.startsWith(telemetry))).toHaveLength(1);
  return run;
}

function names(): string[] {
  const { buckets } = world.spare.state.metadata;
  return buckets.map(({ name }) => name).filter((name) => name.includes('.restoring-'));
}

async function doctor(...args: string[]): Promise<string> {
  return (await runCommand(['doctor', ...args], { env })).stdout;
}

it('tells what terminated restores left in a database, and removes that of our own closed runs alone', async () => {
  await world.holdfast.run('backup', { target: 'metrics' });
  world.spare.switches.restoreAnswerMs = 600_000;
  const dead = await filling('dead');
  await dead.terminate('by hand');
  const [left = ''] = names();
  // The lock of the one that was terminated is free at once; what it runs on has its heartbeats to end.
  const alive = await filling('alive');
  const [organisation] = world.spare.state.metadata.organisations;
  world.spare.state.addBucket(organisation!.id, 'foreign.restoring-0123abcd', 0, 0);
  world.spare.state.addBucket(organisation!.id, 'mine.restoring-soon', 0, 0);

  const told = await doctor();
  expect(told).toContain(`/${left} in the database is left of ${dead.workflowId}, which has ended`);
  expect(told).toMatch(/^ok .*\/alive\.restoring-[0-9a-f]{8} in the database belongs to /m);
  expect(told).toMatch(
    /foreign\.restoring-0123abcd .* is of a restore that this Temporal does not/,
  );
  expect(told).not.toContain('mine.restoring-soon');

  const before = names();
  expect(await doctor('--remove-leftovers')).toContain(`/${left} in the database\n`);
  expect(names()).toEqual(before.filter((name) => name !== left));
  await alive.cancel();
  await expect(alive.result()).rejects.toThrow();
});
