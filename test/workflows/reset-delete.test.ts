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

test('a deletion that ended half-way and is reset does not make a backup of what is left', async () => {
  const { holdfast, far } = world;
  const { backup } = await holdfast.run('backup', { target: 'far' });
  await world.copied('far', backup);
  const fault = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  for (const on of ['DeleteObjects', 'DeleteObject'] as const) {
    far.plan({ on, key: /(^$|data\/)/, times: ALWAYS, fault });
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
  expect(await again.query('progress')).toMatchObject({ warnings: [] });
  expect(world.keys('far', backup)).toEqual(before);
  expect(await holdfast.run('delete', request)).toMatchObject({ backup });
});
