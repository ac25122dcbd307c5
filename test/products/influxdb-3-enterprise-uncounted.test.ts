import { describe, expect, test } from 'vitest';
import { held } from '../../activities/products/influxdb-3-enterprise/measured.ts';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

const UNREADABLE = 'telemetry/disk';

/** A restore has ended; what of it can be read, the switches say. */
async function restored(stage: EnterpriseStage) {
  const { backup } = await stage.take();
  const plan = await stage.plan(backup, {});
  const { state } = await stage.restore(plan, backup);
  return () => stage.fresh().restore.prove(plan, state, backup, () => undefined);
}

describe('a table that was counted and cannot be counted after the restore', () => {
  test('leaves nothing proven by the others: it is waited for', async () => {
    await using stage = await enterpriseStage();
    const prove = await restored(stage);
    stage.world.simulator.switches.tableUnreadable = { at: [UNREADABLE] };
    const failure = await failureOf(prove());
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_ERROR', true]);
    expect(failure.message).toContain(UNREADABLE);
    expect(failure.message).not.toContain('telemetry/cpu');
    stage.world.simulator.switches.tableUnreadable = false;
    expect(await prove()).toMatchObject({
      totals: { identical: 4, failed: { count: 0 } },
      warnings: [],
    });
  });

  test('is not waited for where another one came back different', async () => {
    await using stage = await enterpriseStage();
    const prove = await restored(stage);
    await stage.world.corrupt('events');
    stage.world.simulator.switches.tableUnreadable = { at: [UNREADABLE] };
    const { totals, warnings } = await prove();
    expect(totals.failed.count).toBe(1);
    expect(warnings).toMatchObject([
      { code: 'PROOF_PARTIAL', message: expect.stringContaining(UNREADABLE) },
    ]);
  });
});

test('a table that nobody could count when the backup was taken is told, and the others are proven', async () => {
  await using stage = await enterpriseStage();
  stage.world.simulator.switches.tableUnreadable = { at: [UNREADABLE] };
  const prove = await restored(stage);
  const { totals, warnings } = await prove();
  expect(totals).toMatchObject({ identical: 3, failed: { count: 0 } });
  expect(warnings).toMatchObject([
    { code: 'PROOF_PARTIAL', message: expect.stringContaining(UNREADABLE) },
  ]);
});

test('a table that is not in the backup and cannot be counted is not taken for one that was written since', async () => {
  await using stage = await enterpriseStage();
  const prove = await restored(stage);
  stage.world.simulator.cluster.write('telemetry', ['added v=1 1']);
  stage.world.simulator.switches.tableUnreadable = { at: ['telemetry/added'] };
  const { totals, warnings } = await prove();
  expect(totals).toMatchObject({ identical: 4, failed: { count: 0 } });
  expect(warnings).toMatchObject([
    { code: 'PROOF_PARTIAL', message: expect.stringContaining('telemetry/added') },
  ]);
});

test('how many rows a cluster held is told of a backup that counted every table alone, and how many tables of each', async () => {
  await using stage = await enterpriseStage();
  const { inventory: whole } = await stage.take();
  const all = held(whole.detail);
  expect(all).toMatchObject({ places: 4, objects: whole.detail['rows'] });
  stage.world.simulator.switches.tableUnreadable = { at: [UNREADABLE] };
  const { inventory } = await stage.take();
  expect(inventory.warnings).toMatchObject([
    { code: 'CENSUS_PARTIAL', message: expect.stringMatching(/^1 tables .*telemetry\/disk/) },
  ]);
  expect(held(inventory.detail)).toEqual({ ...all, objects: undefined });
  // Older versions said nothing of tables that were not counted.
  const { uncounted: _, ...older } = whole.detail;
  expect(held(older)).toEqual(all);
  expect(held({ ...whole.detail, census: 'missing' })).toBeUndefined();
});
