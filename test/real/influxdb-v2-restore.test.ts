import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  planRestore,
  restore,
  restoreStep,
  secret,
  takeBackup,
  type Taken,
} from './adapter.ts';
import { asStored } from '../products/backup-run.ts';
import {
  detailOf,
  type SomeBuckets,
} from '../../activities/products/influxdb-v2/restore-detail.ts';
import { first, points, startInfluxd, type InfluxServer } from './influxd.ts';

const YEARS = 20 * 365 * 24 * 3600;
const TELEMETRY = { select: { buckets: ['telemetry'] } };

describe('a restore of buckets into a real influxd', () => {
  let source: InfluxServer;
  let taken: Taken;
  let destination: InfluxServer;

  beforeAll(async () => {
    source = await startInfluxd();
    await source.createBucket('telemetry', { everySeconds: YEARS, description: 'of machines' });
    await source.write('telemetry', points(5));
    await source.createBucket('empty');
    taken = await takeBackup(connect(source.url).backup);
    destination = await startInfluxd({ token: 'of-the-destination' });
  });

  afterAll(async () => {
    await taken?.[Symbol.asyncDispose]();
    await source?.stop();
    await destination?.stop();
  });

  const session = () => connect(destination.url, { token: 'of-the-destination' });
  const bucket = async (name: string) =>
    first((await destination.api('GET', `/api/v2/buckets?name=${name}`)).buckets);

  it('brings a bucket back with its points, its retention and its description, each shard proven', async () => {
    const { plan, proofs, restored } = await restore(session(), taken, TELEMETRY);
    expect(plan.summary).toMatchObject({
      destructive: false,
      creates: ['acme/telemetry'],
      replaces: [],
      artifacts: 5,
    });
    expect(proofs.map(({ result }) => result)).toEqual(Array(5).fill('identical'));
    expect(restored).toEqual(['acme/telemetry']);
    expect(await destination.count('telemetry')).toBe(30);
    expect(await bucket('telemetry')).toMatchObject({
      description: 'of machines',
      retentionRules: [{ everySeconds: YEARS, shardGroupDurationSeconds: 3600 }],
    });
  });

  it('refuses a name that is taken before anything is changed', async () => {
    const before = await destination.bucketNames();
    await expect(planRestore(session(), taken, TELEMETRY)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: expect.stringContaining('acme/telemetry'),
    });
    expect(await destination.bucketNames()).toEqual(before);
  });

  it('restores beside a bucket of the same name', async () => {
    const { restored } = await restore(session(), taken, { ...TELEMETRY, onConflict: 'rename' });
    expect(restored).toEqual(['acme/telemetry-restored-2026-11-20t02-00-00z']);
    const again = await restore(session(), taken, { ...TELEMETRY, onConflict: 'rename' });
    expect(again.restored).toEqual(['acme/telemetry-restored-2026-11-20t02-00-00z-2']);
  });

  it('restores under other names, in an organisation that it creates', async () => {
    const { plan, restored } = await restore(session(), taken, {
      ...TELEMETRY,
      rename: { 'acme/': 'second/', telemetry: 'history' },
    });
    expect(plan.summary.creates).toEqual(['organisation second', 'second/history']);
    expect(restored).toEqual(['second/history']);
    expect(await destination.count('history', 'second')).toBe(30);
  });

  it('restores a bucket that is empty', async () => {
    const { restored } = await restore(session(), taken, { select: { buckets: ['acme/empty'] } });
    expect(restored).toEqual(['acme/empty']);
  });

  it('replaces a bucket: keeps the old one, moves its mappings, tells of its tokens', async () => {
    const old = await bucket('telemetry');
    await destination.write('telemetry', ['m,host=new v=1 1700000000']);
    const mapping = { database: 'db', retention_policy: 'rp', default: true };
    await destination.api('POST', '/api/v2/dbrps', {
      ...mapping,
      bucketID: old.id,
      orgID: old.orgID,
    });
    await destination.api('POST', '/api/v2/authorizations', {
      orgID: old.orgID,
      description: 'of the collector',
      permissions: [
        { action: 'write', resource: { type: 'buckets', id: old.id, orgID: old.orgID } },
      ],
    });
    const { plan, restored, warnings } = await restore(
      session(),
      taken,
      { ...TELEMETRY, onConflict: 'replace' },
      'run7',
    );
    const kept = `telemetry.replaced-${taken.reader.manifest.id}`;
    expect(plan.summary.replaces).toEqual([`acme/telemetry (kept as ${kept})`]);
    expect(plan.summary.bound.join()).toMatch(/"of the collector".*db\/rp/);
    expect(restored).toEqual(['acme/telemetry']);
    expect(warnings.map(({ code }) => code)).toEqual(['REPLACED_KEPT']);
    const now = await bucket('telemetry');
    expect(now.id).not.toBe(old.id);
    expect((await bucket(kept)).id).toBe(old.id);
    expect(await destination.count('telemetry')).toBe(30);
    const { content } = await destination.api('GET', `/api/v2/dbrps?orgID=${old.orgID}&db=db`);
    expect(content).toMatchObject([{ ...mapping, bucketID: now.id }]);
  });

  it('can be finished twice', async () => {
    const { plan } = await restore(session(), taken, {
      ...TELEMETRY,
      rename: { telemetry: 'twice' },
    });
    const { id } = await bucket('twice');
    const from = String(plan.steps[0]?.key['bucket']);
    const again = await session().restore.finish(
      { ...plan, steps: [] },
      { version: 1, buckets: { [from]: { id, shards: {} } } },
    );
    expect(again.restored).toEqual(['acme/twice']);
  });

  it('makes a half restored bucket anew when its preparation is repeated', async () => {
    const plan = await planRestore(session(), taken, {
      ...TELEMETRY,
      rename: { telemetry: 'again' },
    });
    const early = asStored(await session().restore.prepare(plan, taken.reader));
    const second = asStored(await session().restore.prepare(plan, taken.reader));
    expect(second).not.toEqual(early);
    expect(await destination.bucketNames()).toContain('again.restoring-run1');
    for (const step of plan.steps) {
      expect(await restoreStep(session(), taken, step, second)).toEqual({ result: 'identical' });
    }
    await session().restore.finish(plan, second);
    expect(await destination.count('again')).toBe(30);
  });

  it('takes back what an unfinished restore created, with the organisation', async () => {
    const request = { ...TELEMETRY, rename: { 'acme/': 'fleeting/' } };
    const plan = await planRestore(session(), taken, request, 'run9');
    const before = await destination.bucketNames();
    await session().restore.prepare(plan, taken.reader);
    expect(await session().restore.undo(plan, false)).toEqual({
      removed: ['fleeting/telemetry.restoring-run9', 'organisation fleeting'],
      quarantined: [],
    });
    expect(await destination.bucketNames()).toEqual(before);
    expect(await session().restore.undo(plan, false)).toEqual({ removed: [], quarantined: [] });
  });

  it('keeps what it must not remove under a name that says what it is', async () => {
    const plan = await planRestore(
      session(),
      taken,
      { ...TELEMETRY, rename: { telemetry: 'odd' } },
      'run9',
    );
    await session().restore.prepare(plan, taken.reader);
    expect(await session().restore.undo(plan, true)).toEqual({
      removed: [],
      quarantined: [
        'acme/odd.unproven-run9 (it was restored to keep its data for ever; in the backup they are kept 7300d)',
      ],
    });
    expect(await destination.bucketNames()).toContain('odd.unproven-run9');
  });

  it('gives a bucket its name back that a dead run had set aside', async () => {
    const plan = await planRestore(
      session(),
      taken,
      { ...TELEMETRY, onConflict: 'replace' },
      'run10',
    );
    await session().restore.prepare(plan, taken.reader);
    const { id } = await bucket('telemetry');
    const keptAs = first((detailOf(plan) as SomeBuckets).buckets).replaces?.keptAs;
    expect(keptAs).toMatch(/-2$/);
    await destination.api('PATCH', `/api/v2/buckets/${id}`, { name: keptAs });
    await session().restore.undo(plan, false);
    expect((await bucket('telemetry')).id).toBe(id);
  });

  it('does not finish into a name that somebody else took meanwhile', async () => {
    const plan = await planRestore(session(), taken, {
      ...TELEMETRY,
      rename: { telemetry: 'race' },
    });
    const state = await session().restore.prepare(plan, taken.reader);
    await destination.createBucket('race');
    await expect(session().restore.finish(plan, state)).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
    });
    await session().restore.undo(plan, false);
  });

  it.each([
    [
      { select: { buckets: ['nowhere'] } },
      'SELECTION_EMPTY',
      /no bucket "nowhere"; it holds acme\//,
    ],
    [{ select: { organisations: ['nobody'] } }, 'SELECTION_EMPTY', /no organisation "nobody"/],
    [{ select: { buckets: ['_tasks'] } }, 'SELECTION_EMPTY', /server's own/],
    [{ select: { databases: ['db'] } }, 'INPUT_INVALID', /select\.databases/],
    [{ rename: { nowhere: 'x' } }, 'INPUT_INVALID', /"nowhere"/],
    [{ rename: { telemetry: 'empty' } }, 'INPUT_INVALID', /would both be restored as acme\/empty/],
    [{ rename: { telemetry: '_x' } }, 'INPUT_INVALID', /does not allow/],
  ])('refuses %j with one sentence', async (request, code, message) => {
    await expect(planRestore(session(), taken, request)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('a restore of a whole real influxd', () => {
  let source: InfluxServer;
  let taken: Taken;

  beforeAll(async () => {
    source = await startInfluxd({ token: 'of-the-source' });
    await source.createBucket('telemetry', { everySeconds: YEARS });
    await source.write('telemetry', points(4));
    taken = await takeBackup(connect(source.url, { token: 'of-the-source' }).backup);
  });

  afterAll(async () => {
    await taken?.[Symbol.asyncDispose]();
    await source?.stop();
  });

  const reference = (token: string) => ({ env: secret(token) });

  it('replaces everything, and goes on with the token of the source', async () => {
    await using destination = await startInfluxd({ token: 'of-the-destination' });
    await destination.createBucket('precious');
    await destination.write('precious', points(1));
    const open = () =>
      connect(destination.url, {
        token: 'of-the-destination',
        context: {
          source: {
            target: 'metrics',
            connection: { url: source.url, token: reference('of-the-source') },
          },
        },
      });
    const plan = await planRestore(open(), taken, {});
    expect(plan.summary).toMatchObject({
      destructive: true,
      replaces: expect.arrayContaining(['acme/precious']),
      bound: [
        expect.stringContaining('every token of suite (1 now)'),
        expect.stringContaining('whoever writes to suite'),
      ],
    });
    const state = asStored(await open().restore.prepare({ ...plan, steps: [] }, taken.reader));
    // The answer got lost and the worker died: another one begins again, with a token that is worth nothing any more.
    await open().restore.prepare({ ...plan, steps: [] }, taken.reader);
    const suspended = await destination.api(
      'GET',
      '/api/v2/buckets?name=telemetry',
      undefined,
      'of-the-source',
    );
    expect(first(suspended.buckets).retentionRules[0]?.everySeconds).toBe(0);
    for (const step of plan.steps) {
      expect(await restoreStep(open(), taken, step, state)).toEqual({ result: 'identical' });
    }
    const { restored } = await open().restore.finish({ ...plan, steps: [] }, state);
    expect(restored).toContain('acme/telemetry');
    const { buckets } = await destination.api('GET', '/api/v2/buckets', undefined, 'of-the-source');
    expect(buckets.find(({ name }) => name === 'telemetry')?.retentionRules[0]?.everySeconds).toBe(
      YEARS,
    );
    expect(buckets.find(({ name }) => name === '_tasks')?.retentionRules[0]?.everySeconds).toBe(
      259200,
    );
    expect(buckets.some(({ name }) => name === 'precious')).toBe(false);
    expect(buckets.find(({ name }) => name === '_tasks')?.description).toBe(
      'System bucket for task logs',
    );
    // A later run with the old token only in its configuration still finds its way.
    expect((await open().preflight('restore')).version).toBe('2.9.1');
  });

  it('leaves a server alone that it never touched, whatever became of its retention', async () => {
    const session = connect(source.url, { token: 'of-the-source' });
    const plan = await planRestore(session, taken, {});
    const { id } = first((await source.api('GET', '/api/v2/buckets?name=telemetry')).buckets);
    await source.api('PATCH', `/api/v2/buckets/${id}`, {
      retentionRules: [{ type: 'expire', everySeconds: 0 }],
    });
    expect(await session.restore.undo(plan, false)).toEqual({
      removed: [],
      quarantined: [],
      lost: [],
    });
    const after = first((await source.api('GET', '/api/v2/buckets?name=telemetry')).buckets);
    expect(after.retentionRules[0]?.everySeconds).toBe(0);
  });

  it('puts retention back when it is given up half way', async () => {
    await using destination = await startInfluxd({ token: 'of-the-source' });
    const session = connect(destination.url, { token: 'of-the-source' });
    const plan = await planRestore(session, taken, {});
    await session.restore.prepare(plan, taken.reader);
    const look = async () =>
      first((await destination.api('GET', '/api/v2/buckets?name=telemetry')).buckets);
    expect((await look()).retentionRules[0]?.everySeconds).toBe(0);
    expect((await look()).description).toMatch(/suspended by Holdfast restore run1/);
    await session.restore.undo(plan, false);
    expect((await look()).retentionRules[0]?.everySeconds).toBe(YEARS);
    expect((await look()).description ?? '').toBe('');
  });

  it('refuses a wrong token as such', async () => {
    const connection = { tokenAfterRestore: reference('wrong as well') };
    const session = connect(source.url, { token: 'wrong', connection });
    await expect(session.preflight('restore')).rejects.toMatchObject({ code: 'AUTH_REJECTED' });
  });

  it('goes on with tokenAfterRestore', async () => {
    await using destination = await startInfluxd({ token: 'of-the-destination' });
    const session = connect(destination.url, {
      token: 'of-the-destination',
      connection: { tokenAfterRestore: reference('of-the-source') },
    });
    const { plan, proofs } = await restore(session, taken, {});
    expect(plan.summary.destructive).toBe(false);
    expect(proofs.map(({ result }) => result)).toEqual(Array(4).fill('identical'));
  });

  it('refuses before anything is destroyed when no token would work afterwards', async () => {
    await using destination = await startInfluxd({ token: 'of-the-destination' });
    await expect(
      planRestore(connect(destination.url, { token: 'of-the-destination' }), taken, {}),
    ).rejects.toMatchObject({ code: 'TOKEN_AFTER_RESTORE' });
    expect(await destination.bucketNames()).toEqual(['first']);
  });

  it('takes the token that a server without hashing answers, as long as the worker lives', async () => {
    const flags = ['--use-hashed-tokens=false'];
    await using unhashed = await startInfluxd({ token: 'in-plain-text', flags });
    await unhashed.write('first', points(1));
    await using plain = await takeBackup(connect(unhashed.url, { token: 'in-plain-text' }).backup);
    expect(plain.conclusion.warnings.map(({ code }) => code)).toEqual(['PLAINTEXT_TOKENS']);
    await using destination = await startInfluxd({ token: 'of-the-destination', flags });
    const session = connect(destination.url, { token: 'of-the-destination' });
    const { plan, proofs } = await restore(session, plain, {});
    expect(plan.summary.warnings.map(({ code }) => code)).toEqual(['TOKEN_UNSURE']);
    expect(proofs).toEqual([{ result: 'identical' }]);
  });
});
