import { describe, expect, test } from 'vitest';
import { startBalancer } from '../simulators/influxdb-3-enterprise/index.ts';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';
import { linesOf } from './influxdb-3-enterprise.ts';

const START = '/api/v3/enterprise/backup';
const posts = ({ world }: EnterpriseStage) =>
  world.simulator.nodes.flatMap(({ requests }) =>
    requests.filter(({ method, path }) => method === 'POST' && path === START),
  ).length;

describe('the name of a backup', () => {
  test('of another kind than every server takes is refused before it is asked for', async () => {
    await using stage = await enterpriseStage();
    for (const name of ['a/b', '../x', '', '.hidden', 'ä', 'x'.repeat(129)]) {
      const failure = await failureOf(stage.session.backup.start(name, new Date()));
      expect(failure.code).toBe('INPUT_INVALID');
      expect(() => stage.session.backup.prefix(name)).toThrow('cannot be the name');
    }
    expect(posts(stage)).toBe(0);
  });

  test('that is running is adopted, and asked for once', async () => {
    await using stage = await enterpriseStage({ switches: { held: true } });
    const since = new Date();
    await stage.session.backup.start('b', since);
    await stage.fresh().backup.start('b', since);
    stage.world.faults.release?.();
    expect((await stage.follow('b')).state).toBe('succeeded');
    expect(await stage.world.backups()).toEqual(['b']);
  });

  test('whose answer was lost is looked for before it is asked for again', async () => {
    await using stage = await enterpriseStage();
    stage.world.faults.loseAnswer?.('start');
    await stage.session.backup.start('b', new Date());
    expect((await stage.follow('b')).state).toBe('succeeded');
    expect(posts(stage)).toBe(1);
    stage.world.faults.loseRequest?.('start');
    await stage.session.backup.start('c', new Date());
    expect((await stage.follow('c')).state).toBe('succeeded');
    expect(posts(stage)).toBe(3);
  });

  test('of a backup that failed is freed, and only that one', async () => {
    await using stage = await enterpriseStage({ switches: { backupFails: 1 } });
    const kept = await stage.take('kept').catch(() => stage.take('other'));
    const since = new Date();
    await stage.session.backup.start('kept', since);
    expect((await stage.follow('kept')).state).toBe('succeeded');
    expect(await stage.world.backups()).toEqual(['kept', kept.name]);
  });

  test('of a failed backup that cannot be deleted is taken by force, as no other is', async () => {
    await using stage = await enterpriseStage({ switches: { backupFails: 1 } });
    await stage.session.backup.start('b', new Date());
    expect((await stage.follow('b')).state).toBe('failed');
    stage.world.simulator.switches.chainConflict = { at: ['b'] };
    await stage.session.backup.start('b', new Date());
    expect((await stage.follow('b')).state).toBe('succeeded');
    const before = await stage.objects('');
    const later = await failureOf(stage.session.backup.start('b', new Date(Date.now() + 60_000)));
    expect(later.code).toBe('JOB_NAME_TAKEN');
    expect(await stage.objects('')).toEqual(before);
  });

  test.each([
    [-3_600_000, true],
    [-800, false],
    [0, true],
    [3_600_000, true],
  ])(
    'is ours by the clock of a server that is %d ms ahead (whole seconds: %s)',
    async (clockMs, wholeSeconds) => {
      await using stage = await enterpriseStage({ switches: { wholeSeconds, clockMs } });
      const since = new Date();
      await stage.session.backup.start('b', since);
      await stage.follow('b');
      await stage.fresh().backup.start('b', since);
      expect(await stage.world.backups()).toEqual(['b']);
      const later = new Date(since.getTime() + 60_000);
      expect((await failureOf(stage.fresh().backup.start('b', later))).code).toBe('JOB_NAME_TAKEN');
    },
  );
});

test('another backup is waited for where the server makes one at a time, and not where it makes more', async () => {
  await using stage = await enterpriseStage({ switches: { held: true } });
  await stage.session.backup.start('somebody-elses', new Date());
  const busy = await failureOf(stage.session.backup.start('b', new Date()));
  expect([busy.code, mayPass(busy)]).toEqual(['TARGET_BUSY', true]);
  expect(busy.message).toContain('somebody-elses');
  stage.world.simulator.switches.concurrentBackups = true;
  await stage.session.backup.start('b', new Date());
  stage.world.faults.release?.();
  expect((await stage.follow('b')).state).toBe('succeeded');
});

describe('a status', () => {
  test('that no document knows is a job that runs', async () => {
    await using stage = await enterpriseStage({ switches: { held: true, unknownStatus: true } });
    await stage.session.backup.start('b', new Date());
    expect(await stage.session.backup.poll('b')).toMatchObject({
      state: 'running',
      words: expect.stringMatching(/^draining since /) as string,
    });
  });

  test('as the documents once had it is an end', async () => {
    await using stage = await enterpriseStage({ switches: { formerStatus: true } });
    const { inventory } = await stage.take();
    expect(inventory.objects.length).toBeGreaterThan(0);
  });

  test.each(['documented', 'absent', 'null'] as const)(
    'comes with or without the time of its end: %s',
    async (completedAt) => {
      await using stage = await enterpriseStage({ switches: { completedAt, held: true } });
      await stage.session.backup.start('b', new Date());
      expect((await stage.session.backup.poll('b')).state).toBe('running');
      stage.world.faults.release?.();
      expect((await stage.follow('b')).words).toMatch(/^completed since .*, ended .*, \d+ files/);
    },
  );
});

describe('a cancelled backup', () => {
  test.each([
    ['failed', true, 'failed'],
    ['failed', false, 'failed'],
    ['vanishes', true, 'absent'],
    ['completed', true, 'succeeded'],
  ] as const)('that %s (leftovers: %s) leaves nothing', async (cancelledBackup, leftovers, end) => {
    const switches = { cancelledBackup, leftovers, held: true };
    await using stage = await enterpriseStage({ switches });
    const others = await stage.objects('');
    await stage.session.backup.start('b', new Date());
    await stage.session.backup.cancel('b');
    if (end === 'succeeded') stage.world.faults.release?.();
    expect((await stage.follow('b')).state).toBe(end);
    await stage.session.backup.remove('b');
    expect(await stage.objects('')).toEqual(others);
    expect(await stage.world.backups()).toEqual([]);
  });

  test('cannot be told to stop through a proxy that takes the body off, which is told', async () => {
    await using stage = await enterpriseStage({ switches: { held: true } });
    await using proxy = await startBalancer([stage.world.url]);
    proxy.stripsDeleteBody = true;
    const session = stage.fresh({ nodes: [proxy.url] });
    await session.backup.start('b', new Date());
    await session.backup.cancel('b');
    const { state, words } = await session.backup.poll('b');
    expect(state).toBe('running');
    expect(words).toContain('takes the body off the DELETE');
    stage.world.faults.release?.();
    expect((await stage.follow('b')).state).toBe('succeeded');
    await session.backup.remove('b');
    expect(await stage.world.backups()).toEqual([]);
  });

  test('whose compactor died is dead for ever, and its objects go all the same', async () => {
    await using stage = await enterpriseStage({ switches: { backupHangs: true } });
    const others = await stage.objects('');
    await stage.session.backup.start('b', new Date());
    const { backups } = stage.world.simulator.cluster;
    await expect.poll(() => backups.get('b')?.work).toBeUndefined();
    await stage.session.backup.cancel('b');
    expect((await stage.session.backup.poll('b')).state).toBe('running');
    expect((await stage.objects('')).length).toBeGreaterThan(others.length);
    await stage.fresh().backup.remove('b');
    expect(await stage.objects('')).toEqual(others);
  });

  test.each(['stuck', 'failed'] as const)(
    'of a compactor that restarted in mid-job goes: %s',
    async (restartedJob) => {
      await using stage = await enterpriseStage({ switches: { restartedJob, held: true } });
      const others = await stage.objects('');
      await stage.session.backup.start('b', new Date());
      await stage.world.simulator.restartCompactor();
      const state = restartedJob === 'stuck' ? 'running' : 'failed';
      await expect.poll(async () => (await stage.session.backup.poll('b')).state).toBe(state);
      await stage.session.backup.cancel('b');
      await stage.fresh().backup.remove('b');
      expect(await stage.objects('')).toEqual(others);
    },
  );

  test('that others rest on is not removed', async () => {
    await using stage = await enterpriseStage();
    const { name } = await stage.take();
    stage.world.simulator.switches.chainConflict = true;
    const before = await stage.objects('');
    const failure = await failureOf(stage.session.backup.remove(name));
    expect([failure.code, mayPass(failure)]).toEqual(['BACKUP_NEEDED', false]);
    expect(failure.message).toContain('incremental');
    expect(await stage.objects('')).toEqual(before);
  });

  test('is deleted once although the answer was lost', async () => {
    await using stage = await enterpriseStage();
    for (const fault of ['answerLost', 'connectionLost'] as const) {
      const { name } = await stage.take();
      stage.world.simulator.switches[fault] = { at: ['deleteBackup'], times: 1 };
      await stage.session.backup.remove(name);
      expect(await stage.world.backups()).toEqual([]);
    }
  });
});

describe('the inventory', () => {
  test.each(['objectMissing', 'objectCut', 'objectEmpty'] as const)(
    'sees %s after the server said that it was complete',
    async (fault) => {
      await using stage = await enterpriseStage({ switches: { [fault]: true } });
      const { name, observed } = await stage.begin();
      await stage.follow(name);
      const failure = await failureOf(stage.fresh().backup.inventory(name, observed));
      expect(failure.code).toBe('BACKUP_INCOMPLETE');
      expect(failure.message).toMatch(/the server says \d+ (files|bytes)/);
    },
  );

  test.each(['objectMissing', 'objectCut', 'objectEmpty'] as const)(
    'sees %s as well where the server does not count its own description',
    async (fault) => {
      const switches = { [fault]: true, description: 'uncounted' as const };
      await using stage = await enterpriseStage({ switches });
      const { name, observed } = await stage.begin();
      await stage.follow(name);
      const failure = await failureOf(stage.fresh().backup.inventory(name, observed));
      expect(failure.code).toBe('BACKUP_INCOMPLETE');
    },
  );

  test('tells that more lies there than the server counts', async () => {
    await using stage = await enterpriseStage({ switches: { description: 'uncounted' } });
    const { inventory } = await stage.take();
    expect(inventory.warnings.map(({ code }) => code)).toEqual(['OBJECTS_UNCOUNTED']);
    await using exact = await enterpriseStage({ switches: { description: 'none' } });
    expect((await exact.take()).inventory.warnings).toEqual([]);
  });

  test('counts rows before and after, and tells rows that went away meanwhile', async () => {
    await using stage = await enterpriseStage();
    const { cluster } = stage.world.simulator;
    const { name, observed } = await stage.begin();
    await stage.follow(name);
    cluster.write('telemetry', linesOf('more', 30));
    cluster.deleteRows('events', 'cpu', 0n, 2n ** 62n);
    const { warnings, files } = await stage.session.backup.inventory(name, observed);
    expect(warnings).toMatchObject([{ code: 'ROWS_WENT_AWAY' }]);
    expect(warnings[0]!.message).toContain('events/cpu');
    expect(files).toMatchObject([{ path: 'census.json', role: 'census' }]);
    const census = JSON.parse(Buffer.from(files[0]!.bytes).toString()) as object;
    expect(census).toMatchObject({
      before: { tables: [{ database: 'events', table: 'cpu', rows: 20 }, {}, {}, {}] },
      after: {
        tables: [
          { database: 'events', table: 'cpu', rows: 0 },
          { rows: 10 },
          { rows: 420, first: '2020-09-13T12:26:41.000000007' },
          { rows: 210 },
        ],
      },
    });
  });

  test('says plainly when nobody can count', async () => {
    await using stage = await enterpriseStage({ nodes: [{ role: 'compact' }] });
    const { inventory } = await stage.take();
    expect(inventory.files).toEqual([]);
    expect(inventory.warnings).toMatchObject([{ code: 'CENSUS_MISSING' }]);
    expect(inventory.warnings[0]!.message).toContain('word of the server');
  });

  test('counts nothing where that is not wanted', async () => {
    await using stage = await enterpriseStage();
    const { name } = await stage.take();
    const session = stage.fresh({ census: 'none' });
    const { files, warnings, detail } = await session.backup.inventory(
      name,
      await session.backup.observe(),
    );
    expect({ files, warnings, census: detail.census }).toEqual({
      files: [],
      warnings: [],
      census: 'none',
    });
  });
});
