import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startGrpcProxy } from '../support/grpc-proxy.ts';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand, start } from './command.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 1, worker: false });
});
afterAll(() => world?.stop());

it('where search attributes may not be listed, backups, schedules and the doctor do without them', async () => {
  await using proxy = await startGrpcProxy(inject('temporalAddress'), 'ListSearchAttributes');
  const env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: proxy.address,
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
    TEST_SOURCE_TOKEN: world.source.token,
    TEST_SPARE_TOKEN: world.spare.token,
  };
  const run = (...args: string[]) => runCommand([...args, '--json'], { env });
  world.config.targets['metrics']!['schedule'] = { cron: '0 3 * * *' };
  await world.holdfast.configure(world.config);
  const worker = start(['worker'], { env });
  await expect.poll(() => worker.stderr()).toMatch(/worker on task queue holdfast/);

  const backup = start(['backup', 'metrics', '--json'], { env });
  await expect.poll(() => backup.stdout(), { timeout: 30_000 }).toContain('"state":"ok"');
  const { code, result } = await backup.ended;
  expect(code).toBe(0);
  expect((result['warnings'] as { code: string }[]).map((each) => each.code)).toContain(
    'SEARCH_ATTRIBUTES_MISSING',
  );
  const applied = await run('schedule', 'apply', '--yes');
  expect(applied.code, applied.stdout).toBe(0);

  const { checks } = (await run('doctor')).result as { checks: Record<string, string>[] };
  expect(checks).toContainEqual(
    expect.objectContaining({ subject: 'search attributes', level: 'note' }),
  );
  expect(checks).toContainEqual(
    expect.objectContaining({ subject: 'task queue holdfast', message: '1 worker' }),
  );
  worker.kill('SIGTERM');
  await worker.ended;
});
