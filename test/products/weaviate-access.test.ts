import { beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../simulators/weaviate/cluster.ts';
import { failureOf } from './delegated-stage.ts';
import { ended, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

const BOTH = { users: { restore: true }, roles: { restore: true } };
const ACCOUNTS: Account[] = [
  { name: 'carol', key: 'of-carol', root: true },
  { name: 'saver', key: 'of-saver', backups: ['*'], reads: true },
];

/** A backup that holds `ada` and the role `reading`, and a database without its class, in which others are now. */
async function changedSince(start: Parameters<typeof weaviateStage>[0] = { accounts: ACCOUNTS }) {
  const stage = await weaviateStage(start);
  await stage.ask('POST', '/schema', { class: 'Article' });
  await stage.ask('POST', '/users/db/ada');
  await stage.ask('POST', '/authz/roles', { name: 'reading', permissions: [] });
  const key = start.accounts && 'HOLDFAST_TEST_CAROL';
  const by = (connection: object = {}) =>
    stage.open({ connection: { ...(key && { apiKey: { env: key } }), ...connection } });
  if (key) process.env[key] = 'of-carol';
  const { backup } = await stage.take(by());
  await stage.ask('DELETE', '/schema/Article');
  await stage.ask('DELETE', '/users/db/ada');
  await stage.ask('POST', '/users/db/carol');
  await stage.ask('POST', '/authz/roles', { name: 'writing', permissions: [] });
  return { stage, backup, by };
}

describe('users and roles in a restore of Weaviate', () => {
  let world: Awaited<ReturnType<typeof changedSince>>;
  let stage: WeaviateStage;
  beforeEach(async () => {
    world = await changedSince();
    stage = world.stage;
    return () => stage[Symbol.asyncDispose]();
  });
  const there = () => {
    const { users, roles } = stage.simulator.cluster.access;
    return [Object.keys(users), Object.keys(roles)];
  };
  const plan = (connection: object) => stage.plan(world.backup, {}, world.by(connection));

  test('take the place of all that are there, so it is destructive and names who goes', async () => {
    const planned = await plan(BOTH);
    expect(planned.summary).toMatchObject({
      destructive: true,
      creates: ['class Article'],
      replaces: [
        expect.stringMatching(/^all users and their keys \(carol; only those of the backup/),
        expect.stringMatching(/^all roles and assignments \(reading, writing; only those/),
      ],
    });
    await stage.restore(planned, world.backup, world.by(BOTH));
    expect(there()).toEqual([['ada'], ['reading']]);
    const { restored } = await world.by(BOTH).restore.finish(planned, {});
    expect(restored).toEqual([
      'users (as the server says, not compared)',
      'roles (as the server says, not compared)',
      'class Article',
    ]);
  });

  test('change nothing of each other, nor where neither is asked for', async () => {
    const neither = await plan({});
    expect(neither.summary).toMatchObject({ destructive: false, replaces: [] });
    const users = await plan({ users: { restore: true } });
    expect(users.summary.replaces).toEqual([expect.stringContaining('all users')]);
    expect(users.summary.leaves).toEqual([expect.stringContaining('roles (not restored')]);
    await stage.restore(users, world.backup, world.by({ users: { restore: true } }));
    expect(there()).toEqual([['ada'], ['reading', 'writing']]);
  });

  test('replace nothing where there are none', async () => {
    Object.assign(stage.simulator.cluster.access, { users: {}, roles: {} });
    const planned = await plan(BOTH);
    expect(planned.summary).toMatchObject({
      destructive: false,
      creates: ['users of the backup', 'roles of the backup', 'class Article'],
      replaces: [],
    });
    const session = world.by(BOTH);
    const state = await session.restore.start(planned, new Date());
    await ended(() => session.restore.poll(planned, state));
    const undone = await session.restore.undo(planned, state, false);
    expect(undone).toEqual({ removed: ['class Article'], quarantined: [] });
  });

  test('are looked for again by a plan that could tell of them alone', async () => {
    const request = { backup: world.backup, restore: { target: 'articles' } };
    const again = (earlier: object) =>
      world.by(BOTH).restore.plan({
        ...request,
        destination: 'articles',
        run: 'again',
        earlier: { ...earlier },
      });
    const { detail } = await plan(BOTH);
    expect((await again(detail)).summary.destructive).toBe(true);
    const { access: _, ...older } = detail;
    expect((await again(older)).summary.destructive).toBe(false);
  });

  test('are told as lost when the restore did not come to its end', async () => {
    const planned = await plan(BOTH);
    stage.switches.restoreFails = 1;
    const session = world.by(BOTH);
    const state = await session.restore.start(planned, new Date());
    await ended(() => session.restore.poll(planned, state));
    const undone = await session.restore.undo(planned, state, false);
    expect(undone.lost).toEqual([expect.stringMatching(/users, keys and roles/)]);
  });
});

describe('users of a Weaviate without roles', () => {
  test.each([
    ['nor keys', {}],
    ['and with keys', { accounts: ACCOUNTS, roles: false }],
  ])('%s are replaced where there are any', async (...[, start]) => {
    const { stage, backup, by } = await changedSince(start);
    await using _ = stage;
    const users = expect.stringMatching(/^all users and their keys \(carol; only those of the/);
    expect((await stage.plan(backup, {}, by(BOTH))).summary).toMatchObject({
      destructive: true,
      replaces: [users],
    });
    Object.assign(stage.simulator.cluster.access, { users: {}, roles: {} });
    expect((await stage.plan(backup, {}, by(BOTH))).summary).toMatchObject({
      destructive: false,
      replaces: [],
    });
  });

  test('count as replaced when the server does not say who asks', async () => {
    const { stage, backup, by } = await changedSince({});
    await using _ = stage;
    stage.simulator.cluster.access.users = {};
    stage.switches.internalError = { at: ['ownInfo'] };
    expect((await stage.plan(backup, {}, by(BOTH))).summary).toMatchObject({
      destructive: true,
      replaces: [expect.stringMatching(/sees none/), expect.stringMatching(/sees none/)],
    });
  });
});

describe('users and roles of a Weaviate with keys', () => {
  test('may be of the very key that restores, which is said', async () => {
    const { stage, backup, by } = await changedSince({ accounts: ACCOUNTS });
    await using _ = stage;
    const { summary } = await stage.plan(backup, {}, by(BOTH));
    expect(summary.bound).toEqual([expect.stringMatching(/^the key of this target, .* carol: /)]);
  });

  test('stand before classes and aliases, of which a long list does not show all', async () => {
    const { stage, backup, by } = await changedSince({ accounts: ACCOUNTS });
    await using _ = stage;
    const fresh = await stage.plan(backup, {}, by());
    expect(fresh.summary.leaves).toEqual([
      expect.stringMatching(/^users \(not restored/),
      expect.stringMatching(/^roles \(not restored/),
    ]);
    await stage.ask('POST', '/schema', { class: 'Article' });
    await stage.ask('POST', '/aliases', { alias: 'Story', class: 'Article' });
    const { summary } = await stage.plan(backup, { onConflict: 'replace' }, by(BOTH));
    expect(summary.replaces).toEqual([
      expect.stringMatching(/^all users and their keys/),
      expect.stringMatching(/^all roles and assignments/),
      'class Article (dropped before)',
    ]);
    expect(summary.bound).toEqual([
      expect.stringMatching(/^the key of this target/),
      'alias Story of class Article',
    ]);
  });

  test('may be what the key has its rights by, which is said beforehand and when they are gone', async () => {
    const accounts = ACCOUNTS.map((one) => ({ ...one }));
    const { stage, backup, by } = await changedSince({ accounts });
    await using _ = stage;
    process.env['HOLDFAST_TEST_SAVER'] = 'of-saver';
    const { restore } = by({ ...BOTH, apiKey: { env: 'HOLDFAST_TEST_SAVER' } });
    const request = {
      backup,
      restore: { target: 'articles' },
      destination: 'articles',
      run: 'own',
    };
    const planned = await restore.plan(request);
    expect(planned.summary.bound).toEqual([
      expect.stringMatching(
        /^the rights of this target's key, which the user saver has by of-saver:/,
      ),
    ]);
    const state = await restore.start(planned, new Date());
    accounts[1] = { name: 'saver', key: 'of-saver', backups: [], reads: true };
    const lockedOut = await failureOf(restore.poll(planned, state));
    expect(lockedOut.code).toBe('PERMISSION_MISSING');
    expect(lockedOut.message).toMatch(
      /puts the users and roles of the backup .* its end is not known\.$/,
    );
    // What was never accepted takes nothing from anybody.
    const early = await failureOf(restore.poll(planned, {}));
    expect(early.message).toMatch(/lacks the right `manage_backups` \(HTTP 403.*\)\.$/);
  });

  test('count as replaced when the key sees none of them', async () => {
    const { stage, backup, by } = await changedSince({ accounts: ACCOUNTS });
    await using _ = stage;
    process.env['HOLDFAST_TEST_SAVER'] = 'of-saver';
    const saver = by({ ...BOTH, apiKey: { env: 'HOLDFAST_TEST_SAVER' } });
    const { summary } = await stage.plan(backup, {}, saver);
    expect(summary.destructive).toBe(true);
    expect(summary.replaces).toEqual([
      expect.stringMatching(/all users .*may not see every one, and sees none;/),
      expect.stringMatching(/all roles .*may not see every one, and sees none;/),
    ]);
  });
});
