import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { requireRun } from '../../client/runs/named-run.ts';
import type { TemporalSession } from '../../client/temporal/connect.ts';
import { reset } from '../support/reset.ts';
import { causeOf, startWorld, type World } from './world.ts';

const PATIENCE = { timeout: 30_000 };
/** The code in this version: the run says what happened, and nothing of it was done again. */
const REFUSED = { type: 'RUN_RESET' };

let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 4 });
});
afterAll(() => world?.stop());
afterEach(() => {
  world.source.calm();
  world.spare.calm();
});

interface Begun {
  workflowId: string;
  runId: string;
}

/** A backup that captures until the source is calmed. */
async function capturing(): Promise<Begun> {
  world.source.switches.firstByteMs = 600_000;
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  await expect.poll(() => pendingOf(run), PATIENCE).toEqual(['captureBackup']);
  return { workflowId: run.workflowId, runId: run.firstExecutionRunId };
}

async function pendingOf(run: WorkflowHandle): Promise<string[]> {
  const { pendingActivities } = (await run.describe()).raw;
  return (pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? '');
}

const endOf = (run: WorkflowHandle): Promise<unknown> => run.result().catch(causeOf);

const statusOf = async (id: string, runId?: string) =>
  (await world.holdfast.client.workflow.getHandle(id, runId).describe()).status.name;

const manifests = async () => (await world.files()).filter((file) => file.endsWith('backup.json'));

describe('a run that was reset', () => {
  test('in mid-work does nothing more, says so, and lets go of its lock', async () => {
    const before = await manifests();
    const run = await capturing();
    const again = await reset(world.holdfast, run, 'last');
    const end = await endOf(again);
    world.source.calm();
    expect(end).toMatchObject(REFUSED);
    expect(String(end)).toMatch(/Start (it|the `backup`) again as it was started\./);
    expect(await manifests()).toEqual(before);
    await expect.poll(() => statusOf('target/metrics'), PATIENCE).toBe('COMPLETED');
    expect(await world.holdfast.run('backup', { target: 'metrics' })).toMatchObject({
      state: 'ok',
    });
  });

  test('to its beginning is a run of its own, and takes over the lock that was left to nobody', async () => {
    const run = await capturing();
    const again = await reset(world.holdfast, run, 'first');
    world.source.calm();
    expect(await endOf(again)).toMatchObject({ state: 'ok' });
    expect(await statusOf('target/metrics')).toBe('COMPLETED');
  });

  test('after it had been terminated does not work beside another one', async () => {
    const run = await capturing();
    await world.holdfast.client.workflow.getHandle(run.workflowId).terminate('by hand');
    await expect.poll(() => statusOf('target/metrics'), PATIENCE).toBe('TERMINATED');
    const other = await world.holdfast.start('backup', { target: 'metrics' });
    await expect.poll(() => pendingOf(other), PATIENCE).toEqual(['captureBackup']);
    const again = await reset(world.holdfast, run, 'last');
    expect(await endOf(again)).toMatchObject(REFUSED);
    expect(await statusOf('target/metrics')).toBe('RUNNING');
    world.source.calm();
    expect(await endOf(other)).toMatchObject({ state: 'ok' });
  });

  test('after its commit leaves the backup as it is', async () => {
    const run = await world.holdfast.start('backup', { target: 'metrics' });
    const { backup } = (await run.result()) as { backup: string };
    const before = await world.files();
    const { workflowId, firstExecutionRunId: runId } = run;
    const again = await reset(world.holdfast, { workflowId, runId }, { activity: 'transferPage' });
    expect(await endOf(again)).toMatchObject(REFUSED);
    expect(await world.files()).toEqual(before);
    expect(await world.manifest(backup)).toMatchObject({ state: 'ok' });
  });

  test('while it restored leaves the database alone', async () => {
    await world.holdfast.run('backup', { target: 'metrics' });
    world.spare.switches.restoreAnswerMs = 600_000;
    const run = await world.holdfast.start('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { 'acme/': 'other' },
    });
    await expect.poll(() => pendingOf(run), PATIENCE).toContain('restorePage');
    const { workflowId, firstExecutionRunId: runId } = run;
    const again = await reset(world.holdfast, { workflowId, runId }, 'last');
    const end = await endOf(again);
    expect(end).toMatchObject(REFUSED);
    expect(String(end)).toMatch(/Start (it|the `restore`) again as it was started\./);
    const names = world.spare.state.metadata.buckets.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('telemetry.restoring-'))).toHaveLength(1);
    expect(names).not.toContain('telemetry');
  });
});

test('a lock that a reset left to nobody is open to the next run, and no run is named that could be cancelled', async () => {
  const run = await capturing();
  const { client } = world.holdfast;
  const again = await reset(world.holdfast, run, 'first');
  await again.terminate('by hand');
  expect(await statusOf('target/metrics')).toBe('RUNNING');
  const asked = requireRun({ client } as TemporalSession, 'target/metrics');
  await expect(asked).rejects.toThrow('nobody holds');
  world.source.calm();
  expect(await world.holdfast.run('backup', { target: 'metrics' })).toMatchObject({ state: 'ok' });
});
