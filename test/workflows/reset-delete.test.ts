import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { reset } from '../support/reset.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

let world: CopyWorld;
beforeAll(async () => {
  world = await startCopyWorld();
});
afterAll(() => world?.stop());

const DENIED = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;

test('a deletion that was refused and is reset comes to the same end', async () => {
  const { holdfast, far } = world;
  const { backup } = await holdfast.run('backup', { target: 'far' });
  await world.copied('far', backup);
  for (const on of ['DeleteObjects', 'DeleteObject'] as const) {
    far.plan({ on, key: /.*/, times: ALWAYS, fault: DENIED });
  }
  const run = await holdfast.start('delete', { target: 'far', backup, confirm: backup });
  const end = await run.result().catch(causeOf);
  expect(end).toMatchObject({ type: 'STORE_DENIED' });
  far.calm();
  const { workflowId, firstExecutionRunId: runId } = run;
  const again = await reset(holdfast, { workflowId, runId }, 'last');
  expect(await again.result().catch(causeOf)).toEqual(end);
  expect(world.keys('far', backup)).not.toContain('deleting.json');
}, 90_000);

test('a deletion that ended half-way and is reset does not make a backup of what is left', async () => {
  const { holdfast, far } = world;
  const { backup } = await holdfast.run('backup', { target: 'far' });
  await world.copied('far', backup);
  for (const on of ['DeleteObjects', 'DeleteObject'] as const) {
    far.plan({ on, key: /(^$|data\/)/, times: ALWAYS, fault: DENIED });
  }
  const request = { target: 'far', backup, confirm: backup };
  const run = await holdfast.start('delete', request);
  expect(await run.result().catch(causeOf)).toMatchObject({ type: 'STORE_DENIED' });
  far.calm();
  const before = world.keys('far', backup);
  expect(before).toContain('deleting.json');

  const { workflowId, firstExecutionRunId: runId } = run;
  const again = await reset(holdfast, { workflowId, runId }, { activity: 'condemnBackup' });
  const end = await again.result().catch(causeOf);
  expect(end).toMatchObject({ type: 'RUN_RESET' });
  expect(String(end)).toMatch(/Start (it|the `delete` of backup \S+) again as it was started\./);
  expect(await again.query('progress')).toMatchObject({
    warnings: [{ code: 'LEFTOVERS', message: expect.stringContaining('was reset in Temporal') }],
  });
  expect(world.keys('far', backup)).toEqual(before);
  expect(await holdfast.run('delete', request)).toMatchObject({ backup });
});
