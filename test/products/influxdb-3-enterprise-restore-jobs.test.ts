import { describe, expect, test } from 'vitest';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

describe('another restore', () => {
  test('is waited for: a cluster makes one at a time', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const other = await stage.take();
    const plan = await stage.plan(backup, {});
    stage.world.faults.holdJobs?.();
    const theirs = await stage.session.restore.start(
      await stage.plan(other.backup, {}),
      new Date(),
    );
    const failure = await failureOf(stage.session.restore.start(plan, new Date()));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    expect(failure.message).toContain(String(theirs.restoreId));
    expect(stage.world.simulator.cluster.restores).toHaveLength(1);
  });

  test('of the same backup from before is not taken for ours', async () => {
    await using stage = await enterpriseStage({ switches: { wholeSeconds: true } });
    const { backup } = await stage.take();
    const first = await stage.restore(await stage.plan(backup, {}), backup);
    const second = await stage.restore(await stage.plan(backup, {}), backup);
    expect(second.state.restoreId).not.toBe(first.state.restoreId);
  });

  test.each([
    [-3_600_000, true],
    [-800, false],
    [3_600_000, true],
  ])(
    'that a lost answer hides is found by a clock that is %d ms ahead (whole seconds: %s)',
    async (clockMs, wholeSeconds) => {
      await using stage = await enterpriseStage({ switches: { clockMs, wholeSeconds } });
      const { backup } = await stage.take();
      const plan = await stage.plan(backup, {});
      stage.world.faults.loseAnswer?.('restore');
      const state = await stage.session.restore.start(plan, new Date());
      expect((await stage.followRestore(plan, state)).state).toBe('succeeded');
      expect(stage.world.simulator.cluster.restores).toHaveLength(1);
    },
  );
});

describe('a restore whose answer was lost', () => {
  test.each([
    ['every restore was noted', 0, [20_000, 3_600_000], []],
    ['there were more than are noted', 500, [20_000, 120_000], [3_600_000]],
  ] as const)(
    'is found by a worker with another clock where %s',
    async (_where, others, foundBy, missedBy) => {
      await using stage = await enterpriseStage();
      const { backup } = await stage.take();
      const plan = await stage.plan(backup, {});
      const state = await stage.session.restore.start(plan, new Date());
      await stage.followRestore(plan, state);
      const known = Array.from({ length: others }, (_, n) => `other-${n}`);
      const askedBy = (aheadMs: number) => {
        const at = new Date(Date.now() + aheadMs).toISOString();
        return { ...plan, asked: { at, look: { known } } };
      };
      for (const aheadMs of foundBy) {
        const asked = askedBy(aheadMs);
        const session = stage.fresh();
        expect(await session.restore.start(asked, new Date(asked.asked.at))).toMatchObject({
          restoreId: state.restoreId,
        });
        expect((await session.restore.poll(asked, {})).state).toBe('succeeded');
      }
      expect(stage.world.simulator.cluster.restores).toHaveLength(1);
      for (const aheadMs of missedBy) {
        expect((await stage.fresh().restore.poll(askedBy(aheadMs), {})).state).toBe('absent');
      }
    },
  );
});

describe('the beginning of a restore', () => {
  test('that is repeated after its end begins no other one', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const since = new Date();
    const state = await stage.session.restore.start(plan, since);
    expect((await stage.followRestore(plan, state)).state).toBe('succeeded');
    const again = await stage.fresh().restore.start(plan, since);
    expect(again.restoreId).toBe(state.restoreId);
    expect(stage.world.simulator.cluster.restores).toHaveLength(1);
  });

  test('is refused for a while when the lease is held', async () => {
    await using stage = await enterpriseStage({ switches: { leaseHeld: true } });
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const failure = await failureOf(stage.session.restore.start(plan, new Date()));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    expect(failure.message).toContain('the restore lease could not be acquired');
  });

  test.each(['startRestore', 'getBackup', 'listRestores'] as const)(
    'survives an empty answer to %s',
    async (call) => {
      await using stage = await enterpriseStage();
      const { backup } = await stage.take();
      const plan = await stage.plan(backup, {});
      stage.world.simulator.switches.emptyBody = { at: [call], times: 1 };
      const since = new Date();
      const begin = () => stage.session.restore.start(plan, since);
      const state = await begin().catch((error: unknown) => {
        expect(mayPass(error)).toBe(true);
        return begin();
      });
      expect((await stage.followRestore(plan, state)).state).toBe('succeeded');
      expect(stage.world.simulator.cluster.restores).toHaveLength(1);
    },
  );

  test('waits for a restart while the server does not know what was put back', async () => {
    await using stage = await enterpriseStage({ switches: { putBack: 'after restart' } });
    const { backup, inventory, name } = await stage.take();
    const whole = new Map<string, Buffer>();
    for (const { key } of inventory.objects) whole.set(key, await stage.read(key));
    await stage.session.backup.remove(name);
    const plan = await stage.plan(backup, {});
    for (const [key, bytes] of whole) await stage.storage.put(key, bytes);
    const failure = await failureOf(stage.session.restore.start(plan, new Date()));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    expect(failure.message).toContain('restart the node that compacts');
    await stage.world.simulator.restartCompactor();
    const { proven } = await stage.restore(plan, backup);
    expect(proven.totals).toMatchObject({ identical: 4, failed: { count: 0 } });
  });

  test.each(['404', '400', 'fails later'] as const)(
    'of a backup that went meanwhile is refused, whatever the server says of it: %s',
    async (unknownBackup) => {
      await using stage = await enterpriseStage({ switches: { unknownBackup } });
      const { backup, name } = await stage.take();
      const plan = await stage.plan(backup, {});
      await stage.session.backup.remove(name);
      const failure = await failureOf(stage.fresh().restore.start(plan, new Date()));
      expect(failure.code).toBe('TARGET_REFUSED');
      expect(stage.world.simulator.cluster.restores).toEqual([]);
    },
  );
});

describe('a cancelled restore', () => {
  const began = async (stage: EnterpriseStage) => {
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    stage.world.faults.holdJobs?.();
    const state = await stage.session.restore.start(plan, new Date());
    return { plan, state };
  };

  test.each([
    ['failed', 'failed', 'did not come to its end (it is failed now)'],
    ['vanishes', 'absent', 'the server knows it no more'],
    ['completed', 'succeeded', 'came to its end before it could be stopped'],
  ] as const)('that %s names the checks that a person must make', async (end, state, said) => {
    await using stage = await enterpriseStage({ switches: { cancelledRestore: end } });
    const { plan, state: begun } = await began(stage);
    await stage.session.restore.cancel(plan, begun);
    if (end === 'completed') stage.world.faults.release?.();
    expect((await stage.followRestore(plan, begun)).state).toBe(state);
    const { unknown = '' } = await stage.session.restore.undo(plan, begun, false);
    expect(unknown).toContain(said);
    expect(unknown).toContain(`GET /api/v3/enterprise/restore/${String(begun.restoreId)}`);
    expect(unknown).toContain('data/census.json');
    expect(unknown).toContain('safety backup');
    expect(stage.secretsIn([unknown])).toEqual([]);
  });

  test.each([undefined, {}])('is found when its begin was broken off (state %j)', async (lost) => {
    await using stage = await enterpriseStage();
    const { plan, state } = await began(stage);
    expect((await stage.session.restore.poll(plan, lost ?? {})).state).toBe('running');
    await stage.session.restore.cancel(plan, lost);
    expect((await stage.followRestore(plan, state)).state).toBe('failed');
    expect((await stage.session.restore.poll(plan, {})).state).toBe('failed');
    const { unknown = '' } = await stage.session.restore.undo(plan, lost, false);
    expect(unknown).toContain(String(state.restoreId));
  });

  test('that came to its end and was not proven is kept, and that is said', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const { state } = await stage.restore(plan, backup);
    expect(await stage.session.restore.undo(plan, state, true)).toEqual({
      removed: [],
      quarantined: [`cluster cluster01 as restore ${String(state.restoreId)} left it`],
    });
  });

  test('that never began leaves nothing to check', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    await stage.restore(await stage.plan(backup, {}), backup);
    const plan = await stage.plan(backup, {});
    expect((await stage.session.restore.poll(plan, {})).state).toBe('absent');
    await stage.session.restore.cancel(plan, undefined);
    expect(await stage.session.restore.undo(plan, undefined, false)).toEqual({
      removed: [],
      quarantined: [],
    });
  });

  test.each(['answerLost', 'connectionLost'] as const)(
    'stops although the request did %s',
    async (fault) => {
      await using stage = await enterpriseStage();
      const { plan, state } = await began(stage);
      stage.world.simulator.switches[fault] = { at: ['cancelRestore'], times: 1 };
      await stage.session.restore.cancel(plan, state);
      expect((await stage.followRestore(plan, state)).state).toBe('failed');
    },
  );
});
