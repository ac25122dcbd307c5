import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../activities/failure.ts';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { connect, planRestore, restore, restoreStep, takeBackup, type Taken } from './adapter.ts';
import { first, influx, points, startInfluxd, type InfluxServer } from './influxd.ts';

const YEARS = 20 * 365 * 86_400;
const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

describe('a real influxd without data', () => {
  let taken: Taken;
  let server: InfluxServer;
  beforeAll(async () => {
    await using source = await startInfluxd();
    taken = await takeBackup(connect(source.url).backup);
    server = await startInfluxd();
  });
  afterAll(async () => {
    await taken?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  const summary = async () => (await planRestore(connect(server.url), taken, {})).summary;
  const bucketID = async () =>
    first((await server.api('GET', '/api/v2/buckets?name=first')).buckets).id;

  it('is unused as its set-up left it', async () => {
    expect(await summary()).toMatchObject({ destructive: false, replaces: [] });
  });

  it.each<[string, string, (bucket: string) => object]>([
    ['Telegraf configurations', 'telegrafs', () => ({ name: 't', config: '[agent]' })],
    ['labels', 'labels', () => ({ name: 'l' })],
    [
      'variables',
      'variables',
      () => ({ name: 'v', arguments: { type: 'constant', values: ['a'] } }),
    ],
    [
      'scrapers',
      'scrapers',
      (bucket) => ({ name: 's', type: 'prometheus', url: 'http://127.0.0.1:1', bucketID: bucket }),
    ],
    ['checks', 'checks', check],
    ['notification endpoints', 'notificationEndpoints', endpoint],
    [
      'DBRP mappings',
      'dbrps',
      (bucket) => ({ bucketID: bucket, database: 'db', retention_policy: 'rp', default: true }),
    ],
    [
      'remotes',
      'remotes',
      () => ({
        name: 'r',
        remoteURL: 'http://127.0.0.1:1',
        remoteAPIToken: 'x',
        remoteOrgID: server.orgID,
        allowInsecureTLS: false,
      }),
    ],
    ['stacks', 'stacks', () => ({ name: 's' })],
    ['tasks', 'tasks', () => ({ flux: task() })],
    ['dashboards', 'dashboards', () => ({ name: 'd' })],
  ])('is in use once it has %s', async (kind, route, body) => {
    expect((await summary()).replaces).not.toContain(kind);
    const more = { orgID: server.orgID, ...body(await bucketID()) };
    await server.api('POST', `/api/v2/${route}`, more);
    const { destructive, replaces } = await summary();
    expect(destructive).toBe(true);
    expect(replaces).toContain(kind);
  });

  it('is in use once it has secrets, or notebooks', async () => {
    await server.api('PATCH', `/api/v2/orgs/${server.orgID}/secrets`, { key: 'value' });
    const notebook = { orgID: server.orgID, name: 'n', spec: { a: 1 } };
    await server.api('POST', '/api/v2private/notebooks', notebook);
    expect((await summary()).replaces).toEqual(expect.arrayContaining(['secrets', 'notebooks']));
  });
});

describe('a restore of a whole real influxd', () => {
  let source: InfluxServer;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    source = await startInfluxd();
    await source.createBucket('telemetry', { everySeconds: YEARS });
    await source.write('telemetry', points(2));
    folder = await temporaryFolder('whole');
  });
  afterAll(async () => {
    await folder?.remove();
    await source?.stop();
  });

  it('says of tasks, and of checks, that they rest until influxd is restarted', async () => {
    await using busy = await startInfluxd();
    await using target = await startInfluxd();
    const warned = async () => {
      await using taken = await takeBackup(connect(busy.url).backup);
      const { plan, warnings } = await restore(connect(target.url), taken, {});
      return [codes(plan.summary.warnings), codes(warnings)];
    };
    expect(await warned()).toEqual([[], []]);
    await busy.api('POST', '/api/v2/checks', { orgID: busy.orgID, ...check() });
    expect(await warned()).toEqual([['TASKS_NEED_RESTART'], ['TASKS_NEED_RESTART']]);
    await using other = await startInfluxd();
    await other.api('POST', '/api/v2/tasks', { orgID: other.orgID, flux: task() });
    await using taken = await takeBackup(connect(other.url).backup);
    const { plan, warnings } = await restore(connect(target.url), taken, {});
    expect(codes(plan.summary.warnings)).toEqual(['TASKS_NEED_RESTART']);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('Restored tasks') }]);
  });

  it('from a directory of two backups leaves out a bucket that was removed between them', async () => {
    const dir = join(folder.path, 'two');
    await source.createBucket('old');
    await source.write('old', points(1));
    await influx(source, ['backup', dir]);
    const { id } = first((await source.api('GET', '/api/v2/buckets?name=old')).buckets);
    await source.api('DELETE', `/api/v2/buckets/${id}`);
    // The official tool names a backup by its second, and writes over an earlier one of the same second.
    await setTimeout(1000);
    await influx(source, ['backup', dir]);
    await using taken = await takeBackup(await openBackupDirectory(dir));
    await using target = await startInfluxd();
    const { plan, restored } = await restore(connect(target.url), taken, {});
    expect(plan.summary.leaves).toEqual([expect.stringContaining('acme/old (not in these')]);
    expect(restored.toSorted()).toEqual(['acme/first', 'acme/telemetry']);
    expect(await target.count('telemetry')).toBe(12);
    await restore(connect(target.url), taken, { select: { buckets: ['old'] } });
    expect(await target.count('old')).toBe(6);
    const renamed = ['--bucket', 'old', '--new-bucket', 'older'];
    await influx(target, ['restore', taken.directory, ...renamed]);
    expect(await target.count('older')).toBe(6);
  });

  it('from a backup of one bucket names the others, which came back empty', async () => {
    const dir = join(folder.path, 'one');
    await source.createBucket('billing');
    await source.write('billing', points(1));
    await influx(source, ['backup', dir, '--bucket', 'telemetry']);
    await using taken = await takeBackup(await openBackupDirectory(dir));
    await using target = await startInfluxd();
    const { plan, warnings } = await restore(connect(target.url), taken, {});
    expect(codes(plan.summary.warnings)).toContain('BACKUP_FILTERED');
    expect(warnings).toMatchObject([{ code: 'BUCKET_EMPTY', subject: 'acme/billing' }]);
  });

  it('brings back points of the earliest time, whose shard group begins before what 64 bits hold', async () => {
    await using early = await startInfluxd();
    await early.createBucket('early');
    await early.write('early', ['m v=1 -9223372036']);
    await using taken = await takeBackup(connect(early.url).backup);
    await using target = await startInfluxd();
    const { proofs, warnings } = await restore(connect(target.url), taken, {});
    expect([proofs, codes(warnings)]).toEqual([[{ result: 'identical' }], []]);
  });

  it('takes away a label, which metadata that are refused do not', async () => {
    await using taken = await takeBackup(connect(source.url).backup);
    await using target = await startInfluxd();
    const labels = async () => JSON.stringify(await target.api('GET', '/api/v2/labels'));
    await target.api('POST', '/api/v2/labels', { orgID: target.orgID, name: 'of the target' });
    const garbage = target.api('POST', '/api/v2/restore/kv', { no: 'bolt' });
    await expect(garbage).rejects.toThrow(/: 500 /);
    expect(await labels()).toContain('of the target');
    const session = connect(target.url);
    const plan = await planRestore(session, taken, {}, '0123abcd');
    await session.restore.prepare(plan, taken.reader, () => Promise.resolve(false));
    expect(await labels()).not.toMatch(/of the target|holdfast-restore-/);
  });

  it('ends at once when somebody removes a bucket, and keeps what clients wrote when an upload fails', async () => {
    await using taken = await takeBackup(connect(source.url).backup);
    await using target = await startInfluxd();
    const session = connect(target.url);
    const plan = await planRestore(session, taken, {});
    const state = await session.restore.prepare(plan, taken.reader);
    const step = first(plan.steps.filter(({ subject }) => subject.includes('telemetry')));
    await target.write('telemetry', points(2, ['client']));
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1024);
      await Promise.reject(new HoldfastError('TARGET_BUSY', 'The upload broke.'));
    };
    const upload = session.restore.apply(step, state, broken);
    await expect(upload).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    for (const each of plan.steps) await restoreStep(session, taken, each, state);
    expect(await target.count('telemetry')).toBe(18);
    const { id } = first((await target.api('GET', '/api/v2/buckets?name=telemetry')).buckets);
    await target.api('DELETE', `/api/v2/buckets/${id}`);
    await expect(restoreStep(session, taken, step, state)).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
    });
  });

  it('that never ended leaves retentions that are found and put back', async () => {
    await using taken = await takeBackup(connect(source.url).backup);
    await using target = await startInfluxd();
    const session = connect(target.url);
    const plan = await planRestore(session, taken, {}, '0123abcd');
    await session.restore.prepare(plan, taken.reader);
    const found = (await session.leftovers?.find()) ?? [];
    expect(found).toContainEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: `the suspended retention (${YEARS} s) of acme/telemetry`,
      run: '0123abcd',
    });
    for (const one of found) await session.leftovers?.remove(one);
    expect(await session.leftovers?.find()).toEqual([]);
    const [bucket] = (await target.api('GET', '/api/v2/buckets?name=telemetry')).buckets;
    expect(bucket).toMatchObject({
      retentionRules: [{ everySeconds: YEARS, shardGroupDurationSeconds: 3600 }],
    });
    expect(bucket?.description ?? '').toBe('');
  });
});

function task(): string {
  return 'option task = { name: "t", every: 1h }\n\nfrom(bucket: "first") |> range(start: -1h)';
}

function endpoint(): object {
  const where = { type: 'http', url: 'http://127.0.0.1:1', method: 'POST', authMethod: 'none' };
  return { name: 'e', status: 'active', ...where };
}

function check(): object {
  const window = 'aggregateWindow(every: 1h, fn: mean)';
  const text = `from(bucket: "first") |> range(start: -1h) |> filter(fn: (r) => r._field == "v") |> ${window}`;
  const tags = [{ key: '_field', values: ['v'] }];
  const builderConfig = { buckets: ['first'], tags, functions: [{ name: 'mean' }] };
  return {
    name: 'c',
    type: 'threshold',
    status: 'active',
    every: '1h',
    statusMessageTemplate: 'x',
    thresholds: [{ type: 'greater', value: 1, level: 'CRIT' }],
    query: { text, builderConfig },
  };
}
