import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { causeOf, HASTE } from '../workflows/world.ts';
import {
  contentsOf,
  enterpriseWorld,
  type EnterpriseWorld,
  linesOf,
} from './influxdb-3-enterprise.ts';

let world: EnterpriseWorld;
let holdfast: Holdfast;
let store: TemporaryFolder;
let backup: string;
let original: unknown;

const TARGET = 'metrics-eu';
const contents = () => contentsOf(world.simulator, 'telemetry');
const below = (prefix: string) => world.simulator.cluster.storage.list(prefix);
const restore = (more: object = {}) => ({ target: TARGET, backup, confirm: TARGET, ...more });

beforeAll(async () => {
  world = await enterpriseWorld({ nodes: [{ role: 'query' }, { role: 'compact' }] });
  store = await temporaryFolder('store');
  world.simulator.cluster.write('telemetry', linesOf('one'));
  original = contents();
  const target = {
    product: 'influxdb-3-enterprise',
    connection: world.connection(),
    store: 'disk',
    cluster: 'metrics-eu',
    timeouts: { ...HASTE, job: '60s' },
  };
  const stores = { disk: { type: 'directory', path: store.path } };
  const uncounted = { ...target, connection: { ...target.connection, census: 'none' } };
  const config = { stores, targets: { [TARGET]: target, uncounted } };
  holdfast = await startHoldfast({ address: inject('temporalAddress'), config });
  const report = await holdfast.run('backup', { target: TARGET });
  expect(report.warnings).toEqual([]);
  ({ backup } = report);
  await holdfast.client.workflow.getHandle(`copy/${TARGET}/${backup}`).result();
});
beforeEach(() => {
  world.faults.release?.();
  world.simulator.cluster.write('telemetry', linesOf('later', 60));
});
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await world?.[Symbol.asyncDispose]();
});

test('a restore that goes back wants to be confirmed, and says what it does', async () => {
  const { plan } = await holdfast.run('restore', restore({ confirm: undefined, dryRun: true }));
  expect(plan.destructive).toBe(true);
  expect(plan.replaces[0]).toContain('everything written since is removed');
  const error = await holdfast
    .run('restore', restore({ confirm: undefined }))
    .catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({ type: 'CONFIRM_REQUIRED' });
  expect(contents()).not.toEqual(original);
});

test('a restore from the copy puts the objects back, goes back, and is proven', async () => {
  const { cluster } = world.simulator;
  const prefix = cluster.prefix(backup);
  await cluster.storage.remove((await below(prefix)).map(({ key }) => key));
  cluster.backups.delete(backup);
  const report = await holdfast.run('restore', restore());
  expect(report).toMatchObject({ restored: ['telemetry'], proof: { identical: 2, equivalent: 0 } });
  expect(report.safetyBackup).toBeTruthy();
  expect(contents()).toEqual(original);
  expect(await below(prefix)).toEqual([]);
});

test('a restore that did not bring everything back fails, and names what lacks', async () => {
  world.faults.spoilRestore?.();
  const error = await holdfast
    .run('restore', restore({ safetyBackup: false }))
    .catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({
    type: 'RESTORE_NOT_PROVEN',
    message: expect.stringMatching(/^1 of 2 artifacts came back different: telemetry\/disk has /),
  });
});

test('a cancelled restore says that the state is not known, and what to check', async () => {
  world.faults.holdJobs?.();
  const handle = await holdfast.start('restore', restore({ safetyBackup: false }));
  await expect.poll(() => world.simulator.cluster.restoring).toBe(true);
  await handle.signal('cancel');
  const error = await handle.result().catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({
    type: 'RESTORE_STATE_UNKNOWN',
    message: expect.stringContaining('/api/v3/enterprise/restore/'),
  });
  expect(world.simulator.cluster.restoring).toBe(false);
});

test('a cancelled restore says what was put back for it and stays', async () => {
  const { cluster } = world.simulator;
  const prefix = cluster.prefix(backup);
  await cluster.storage.remove((await below(prefix)).map(({ key }) => key));
  world.faults.holdJobs?.();
  const handle = await holdfast.start('restore', restore({ safetyBackup: false }));
  await expect.poll(() => cluster.restoring).toBe(true);
  await handle.signal('cancel');
  const error = await handle.result().catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({
    type: 'RESTORE_STATE_UNKNOWN',
    message: expect.stringMatching(new RegExp(`stays in .*, below ${prefix}: remove it`)),
  });
  expect(await below(prefix)).not.toEqual([]);
});

test('a restore that nobody compared counts as no proof of the backup', async () => {
  const { backup: taken } = await holdfast.run('backup', { target: 'uncounted' });
  const report = await holdfast.run('restore', {
    target: 'uncounted',
    backup: taken,
    confirm: 'uncounted',
    safetyBackup: false,
  });
  expect(report.proof).toEqual({ identical: 0, equivalent: 0 });
  expect(report.warnings.map(({ code }) => code)).toContain('PROOF_IMPOSSIBLE');
  const kept = await readdir(join(store.path, 'uncounted', taken));
  expect(kept).not.toContain('proofs');
});

test('a cancelled backup leaves nothing, at the server and in its storage', async () => {
  const before = [await world.backups(), await below('cluster01/')];
  world.faults.holdJobs?.();
  const handle = await holdfast.start('backup', { target: TARGET });
  const running = () => [...world.simulator.cluster.backups.values()].some(({ work }) => work);
  await expect.poll(running).toBe(true);
  await handle.signal('cancel');
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect([await world.backups(), await below('cluster01/')]).toEqual(before);
});

test('a backup that the compactor lost is begun again under another name', async () => {
  Object.assign(world.simulator.switches, { restartedJob: 'failed' });
  world.faults.holdJobs?.();
  const handle = await holdfast.start('backup', { target: TARGET });
  const words = async () => (await handle.query<{ product?: string }>('progress')).product;
  await expect.poll(words).toMatch(/^in_progress/);
  await world.simulator.restartCompactor();
  world.faults.release?.();
  const report = (await handle.result()) as { backup: string };
  expect(await world.backups()).toContain(`${report.backup}-2`);
});

describe('a deletion', () => {
  const take = async () => {
    const { backup: id } = await holdfast.run('backup', { target: 'uncounted' });
    await holdfast.client.workflow.getHandle(`copy/uncounted/${id}`).result();
    return { target: 'uncounted', backup: id, confirm: id };
  };
  const kept = ({ backup: id }: { backup: string }) => readdir(join(store.path, 'uncounted', id));

  test('that the cluster refuses is taken back', async () => {
    const input = await take();
    const before = await kept(input);
    world.simulator.switches.chainConflict = 1;
    expect(await holdfast.run('delete', input).catch(causeOf)).toMatchObject({
      type: 'BACKUP_NEEDED',
      message: expect.stringContaining('incremental backups rest on it'),
    });
    expect(await kept(input)).toEqual(before);
    expect(await holdfast.run('delete', input)).toMatchObject({ backup: input.backup });
  });

  test('asks the cluster before anything else, and can be cancelled while that is away', async () => {
    const input = await take();
    const before = await kept(input);
    world.faults.unavailable?.(true);
    const deletion = await holdfast.start('delete', input);
    const attempt = async () => {
      const { pendingActivities } = (await deletion.describe()).raw;
      return Math.max(0, ...(pendingActivities ?? []).map((one) => one.attempt ?? 0));
    };
    await expect.poll(attempt).toBeGreaterThanOrEqual(2);
    expect(await kept(input)).toEqual(before);
    await deletion.signal('cancel');
    const error = await deletion.result().catch((caught: unknown) => caught);
    world.faults.unavailable?.(false);
    expect(causeOf(error)).toMatchObject({ name: 'CancelledFailure' });
    expect(await kept(input)).toEqual(before);
  });
});

/** Their files are there for a while. */
function deleteMost(): void {
  for (const table of ['cpu', 'disk']) {
    world.simulator.cluster.deleteRows('telemetry', table, 0n, 2n ** 62n);
  }
  world.simulator.cluster.write('telemetry', ['cpu,host=last v=1 1000000']);
}

test('a backup of a cluster from which most rows were deleted is suspect, though their files are there', async () => {
  world.simulator.cluster.write('telemetry', linesOf('many', 3_000));
  const before = await holdfast.run('backup', { target: TARGET });
  deleteMost();
  const after = await holdfast.run('backup', { target: TARGET });
  expect([before.state, after.state]).toEqual(['ok', 'suspect']);
  expect(after.plainBytes).toBeGreaterThan(before.plainBytes / 2);
  expect(after.warnings).toContainEqual({
    code: 'SOURCE_SHRUNK',
    message: expect.stringMatching(/^This backup holds 1 rows, its predecessor \d+: /) as string,
  });
});

test('so is one after a night in which they were deleted and nobody could count', async () => {
  world.simulator.cluster.write('telemetry', linesOf('many', 3_000));
  const before = await holdfast.run('backup', { target: TARGET });
  deleteMost();
  world.simulator.switches.unavailable = { at: ['query'] };
  const uncounted = await holdfast.run('backup', { target: TARGET });
  world.simulator.switches.unavailable = false;
  expect(uncounted.warnings).toMatchObject([{ code: 'CENSUS_MISSING' }]);
  const after = await holdfast.run('backup', { target: TARGET });
  expect([before.state, uncounted.state, after.state]).toEqual(['ok', 'ok', 'suspect']);
  const { message } = after.warnings.find(({ code }) => code === 'SOURCE_SHRUNK') ?? {};
  expect(message).toMatch(/^This backup holds 1 rows, and \S+, the last one .* counted all of/);
  expect(message).toContain(before.backup);
});
