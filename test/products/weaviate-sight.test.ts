import { describe, expect, test } from 'vitest';
import type { Database } from '../../activities/products/weaviate/database.ts';
import { requireEveryShard } from '../../activities/products/weaviate/every-shard.ts';
import type { Account, Reading } from '../simulators/weaviate/cluster.ts';
import { failureOf } from './delegated-stage.ts';
import { ended, weaviateStage } from './weaviate-stage.ts';

const READINGS: Reading[] = ['collections', 'tenants', 'data', 'aliases', 'nodes', 'shards'];

/** A server whose lists are shortened without a word for a key that lacks a right to read. */
async function withKey() {
  const accounts: Account[] = [{ name: 'saver', key: 'of-saver', root: true }];
  process.env['HOLDFAST_TEST_SAVER'] = 'of-saver';
  const stage = await weaviateStage({ accounts });
  await stage.ask('POST', '/schema', { class: 'Article' });
  await stage.write([
    { class: 'Article', id: '00000000-0000-0000-0000-000000000001', properties: {} },
  ]);
  await stage.ask('POST', '/schema', { class: 'Note', multiTenancyConfig: { enabled: true } });
  await stage.ask('POST', '/schema/Note/tenants', [{ name: 'north' }]);
  await stage.ask('POST', '/aliases', { alias: 'Story', class: 'Article' });
  const by = (connection: object = {}) =>
    stage.open({ connection: { apiKey: { env: 'HOLDFAST_TEST_SAVER' }, ...connection } });
  return {
    stage,
    by,
    lose: (right: Reading | 'Article') => {
      const reads = READINGS.filter((one) => one !== right);
      const sees = right === 'Article' ? ['Note'] : undefined;
      accounts[0] = { name: 'saver', key: 'of-saver', backups: ['*'], reads, sees };
    },
  };
}

describe('a backup of Weaviate by a key that may not read', () => {
  test.each([
    ['collections', /: looking for class Any failed: the key or token lacks a right .*read_collec/],
    ['shards', /: looking for the shards of class Article failed: .*read_shards/],
    ['nodes', /: asking for its nodes failed: .*read_nodes/],
  ] as const)('%s is refused, and told nothing that is not so', async (right, said) => {
    const { stage, by, lose } = await withKey();
    await using _ = stage;
    lose(right);
    const failure = await failureOf(by().preflight('backup'));
    expect(failure).toMatchObject({
      code: 'PERMISSION_MISSING',
      message: expect.stringMatching(said),
    });
  });

  test.each([
    ['tenants', /: looking for the tenants of class Note failed: .*read_tenants/],
    ['data', /: reading the objects of class Article failed: .*read_data/],
  ] as const)('%s does not begin', async (right, said) => {
    const { stage, by, lose } = await withKey();
    await using _ = stage;
    lose(right);
    const failure = await failureOf(by().backup.observe());
    expect(failure).toMatchObject({
      code: 'PERMISSION_MISSING',
      message: expect.stringMatching(said),
    });
  });
});

test('nodes that a key may not see are not away', async () => {
  const { stage, by, lose } = await withKey();
  await using _ = stage;
  await stage.ask('POST', '/schema', { class: 'Wide', shardingConfig: { actualCount: 2 } });
  const observed = () => failureOf(by().backup.observe());
  expect((await observed()).message).toMatch(/ 1 of the 2 shards of Wide only: a node is away\.$/);
  lose('shards');
  expect(await observed()).toMatchObject({
    code: 'PERMISSION_MISSING',
    message: expect.stringContaining('looking for the shards of class Wide failed'),
  });
});

test('classes of a node that is away are not looked for one by one', async () => {
  const classes = Array.from({ length: 1_000 }, (_, at) => ({
    name: `Class${at}`,
    multiTenant: false,
    shards: at === 0 ? 2 : 1,
  }));
  let asked = 0;
  const database = {
    nodes: () => Promise.resolve([]),
    requireInSight: () => Promise.resolve((asked += 1)),
  } as unknown as Database;
  await expect(requireEveryShard(database, classes, 'Weaviate')).rejects.toThrow(
    /^Weaviate answers for 0 of the 2 shards of Class0, .* and 990 more only: a node is away\.$/,
  );
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(10);
});

describe('a restore of roles that takes from its own key what it may read', () => {
  const restored = async (right: Reading | 'Article') => {
    const world = await withKey();
    const { stage, by, lose } = world;
    const { backup } = await stage.take(by());
    const session = by({ roles: { restore: true } });
    const planned = await stage.plan(backup, { onConflict: 'replace' }, session);
    const state = await session.restore.start(planned, new Date());
    await expect
      .poll(() => session.restore.poll(planned, state))
      .toMatchObject({ state: 'succeeded' });
    lose(right);
    const prove = () => session.restore.prove(planned, state, backup, () => undefined);
    return { ...world, session, planned, state, prove };
  };

  test.each([
    ['collections', 'class Any'],
    ['Article', 'class Article'],
    ['tenants', 'the tenants of class Note'],
    ['shards', 'the shards of class Article'],
    ['data', 'class Article'],
  ] as const)('calls nothing lost that it may not see (%s)', async (right, what) => {
    const { stage, prove } = await restored(right);
    await using _ = stage;
    const failure = await failureOf(prove());
    expect(failure.code).toBe('PERMISSION_MISSING');
    expect(failure.message).toContain(`${what} failed: the key or token lacks a right`);
    expect(failure.message).toMatch(
      / puts the roles of the backup in .* the server has restored, and nothing of it is proven\.$/,
    );
  });

  test.each([['collections'], ['Article']] as const)(
    'does not say that what it replaced is lost (%s)',
    async (right) => {
      const { stage, session, planned, state } = await restored(right);
      await using _ = stage;
      const failure = await failureOf(session.restore.undo(planned, state, true));
      expect(failure.code).toBe('PERMISSION_MISSING');
    },
  );

  test.each([
    ['can be cancelled all the same', { restoreHangs: true }, 'cancelled'],
    ['does not hide why it failed', { restoreHangs: true, restoreFails: true }, 'failed'],
  ] as const)('%s', async (_what, switches, end) => {
    const { stage, by, lose } = await withKey();
    await using _ = stage;
    const { backup } = await stage.take(by());
    await stage.empty(backup);
    Object.assign(stage.switches, switches);
    const session = by({ roles: { restore: true } });
    const planned = await stage.plan(backup, {}, session);
    const state = await session.restore.start(planned, new Date());
    lose('collections');
    if (end === 'cancelled') await session.restore.cancel(planned, state);
    stage.switches.restoreHangs = false;
    const report = await ended(() => session.restore.poll(planned, state));
    expect(report.state).toBe(end);
    if (end === 'failed') {
      expect(report.words).toMatch(
        /^FAILED.*; which classes are there cannot be seen\. .*read_coll/,
      );
    }
  });

  test('does not say that aliases did not come back', async () => {
    const { stage, session, planned, state, prove } = await restored('aliases');
    await using _ = stage;
    expect((await prove()).totals.failed.count).toBe(0);
    expect((await session.restore.finish(planned, state)).warnings).toEqual([
      {
        code: 'ALIAS_NOT_RESTORED',
        message: expect.stringMatching(
          /^Whether the alias Story .* cannot be seen\. .*read_aliases/,
        ),
        subject: 'Story',
      },
    ]);
  });
});
