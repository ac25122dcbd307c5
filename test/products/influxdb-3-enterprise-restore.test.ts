import { describe, expect, test } from 'vitest';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';
import { inEnvironment, linesOf } from './influxdb-3-enterprise.ts';

const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

/** Writes after the backup: rows, a table and a database that it does not have. */
function moveOn({ world }: EnterpriseStage): void {
  const { cluster } = world.simulator;
  cluster.write('telemetry', linesOf('later', 60));
  cluster.write('telemetry', ['added v=1 1']);
  cluster.write('created', ['table v=1 1']);
}

describe('the plan', () => {
  test('of 3.11 says in words that everything goes back, and cannot be undone', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    moveOn(stage);
    stage.world.simulator.cluster.dropDatabase('events');
    const [from, to] = ['2026-11-20T02:00:01.000Z', '2026-11-20T03:00:00.000Z'];
    backup.manifest.times.captured = { from, to };
    const { summary } = await stage.plan(backup, {});
    expect(summary).toMatchObject({
      destructive: true,
      creates: ['events'],
      leaves: [],
      artifacts: backup.manifest.delegated?.count,
      bytes: backup.manifest.delegated?.bytes,
    });
    expect(summary.replaces[0]).toMatch(
      new RegExp(
        `^the whole cluster cluster01: it goes back to ${from}, at the latest ${to}, in place, and everything written since is removed$`,
      ),
    );
    expect(summary.replaces.slice(1)).toEqual(['telemetry', 'created']);
    expect(summary.bound[0]).toContain('tokens');
    expect(codes(summary.warnings)).toEqual(['RESTORE_ROLLS_BACK', 'DELETES_PERSIST']);
  });

  test('of 3.10 says in words that it only adds, cannot be undone, and needs a restart', async () => {
    await using stage = await enterpriseStage({ version: '3.10.0' });
    expect(codes((await stage.session.preflight('backup')).warnings)).toEqual(['VERSION_DEFECT']);
    const { backup } = await stage.take();
    moveOn(stage);
    const plan = await stage.plan(backup, {});
    expect(plan.summary).toMatchObject({
      destructive: false,
      // A restore that replaces something demands `confirm`: nor can this one be undone.
      replaces: [
        expect.stringMatching(/^the state of cluster cluster01: .* cannot be taken out again$/),
      ],
      leaves: ['created'],
    });
    const [first] = plan.summary.warnings;
    expect(first).toMatchObject({ code: 'RESTORE_NEEDS_RESTART' });
    const { proven, state } = await stage.restore(plan, backup);
    expect(proven.totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
    expect(codes(proven.warnings)).toEqual(['PROOF_AFTER_RESTART']);
    expect((await stage.session.restore.finish(plan, state)).warnings).toEqual([first]);
  });

  test.each([
    [{ select: { databases: ['telemetry'] } }, 'INPUT_INVALID', 'select'],
    [{ rename: { telemetry: 'other' } }, 'INPUT_INVALID', 'rename'],
    [{ onConflict: 'rename' as const }, 'INPUT_INVALID', 'onConflict'],
    [{ onConflict: 'fail' as const }, 'DESTINATION_EXISTS', 'onConflict'],
  ])('refuses %j: it is the whole cluster or nothing', async (request, code, named) => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const failure = await failureOf(stage.plan(backup, request));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(named);
    await stage.plan(backup, { onConflict: 'replace' });
  });

  test('refuses a cluster with another id, which looks elsewhere', async () => {
    await using stage = await enterpriseStage();
    await using other = await enterpriseStage({ clusterId: 'cluster02' });
    const { backup } = await stage.take();
    const failure = await failureOf(other.plan(backup, {}));
    expect(failure.code).toBe('INPUT_INVALID');
    expect(failure.message).toContain('cluster01');
    expect(failure.message).toContain('cluster02');
  });
});

describe('a restore', () => {
  test('goes back, and the count of every table proves it', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const before = await stage.contents();
    moveOn(stage);
    const { proven } = await stage.restore(await stage.plan(backup, {}), backup);
    expect(proven).toMatchObject({
      totals: { artifacts: 4, identical: 4, equivalent: 0, failed: { count: 0 } },
      warnings: [],
    });
    expect(await stage.contents()).toEqual(before);
  });

  test('may bring back what was written while the backup was taken, or not', async () => {
    for (const capturesLate of [true, false]) {
      await using stage = await enterpriseStage({ switches: { capturesLate, held: true } });
      const { name, observed } = await stage.begin('b');
      stage.world.simulator.cluster.write('telemetry', linesOf('meanwhile', 60));
      stage.world.simulator.cluster.write('telemetry', ['added v=1 1']);
      stage.world.faults.release?.();
      await stage.follow(name);
      const inventory = await stage.session.backup.inventory(name, observed);
      const { backup } = await stage.take();
      const meanwhile = {
        ...backup,
        name,
        file: () => Promise.resolve(inventory.files[0]!.bytes),
      };
      const { proven } = await stage.restore(await stage.plan(meanwhile, {}), meanwhile);
      expect(proven.totals.failed).toEqual({ subjects: [], count: 0 });
      expect(proven.totals).toMatchObject({ artifacts: 5, identical: 2, equivalent: 3 });
    }
  });

  test.each([
    ['restoreIgnored', /telemetry\/added has 1 rows, and is not in the backup/],
    ['restoreLosesRows', /telemetry\/disk has 100 rows, and the backup at least 200/],
    ['restoreKeepsNewer', /created\/table has 1 rows, and is not in the backup/],
  ] as const)('that says it succeeded and did not (%s) is found out', async (fault, said) => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    moveOn(stage);
    stage.world.simulator.switches[fault] = true;
    const plan = await stage.plan(backup, {});
    const state = await stage.session.restore.start(plan, new Date());
    await stage.followRestore(plan, state);
    const proven = await stage.fresh().restore.prove(plan, state, backup, () => undefined);
    expect(proven.totals.failed.count).toBeGreaterThan(0);
    expect(proven.totals.failed.subjects.join('\n')).toMatch(said);
  });

  test('is looked at again while queries still see what was there before', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    moveOn(stage);
    stage.world.simulator.cluster.dropDatabase('events');
    stage.world.simulator.switches.queryLagMs = 1_000;
    const { proven } = await stage.restore(await stage.plan(backup, {}), backup);
    expect(proven.totals).toMatchObject({ identical: 4, failed: { count: 0 } });
  });

  test('after which clients write again is proven by what is older', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const { state } = await stage.restore(plan, backup);
    const future = BigInt(Date.now() + 60_000) * 1_000_000n;
    stage.world.simulator.cluster.write('telemetry', [`cpu,host=new v=1 ${future}`]);
    stage.world.simulator.cluster.write('fresh', [`table v=1 ${future}`]);
    const proven = await stage.session.restore.prove(plan, state, backup, () => undefined);
    expect(proven.totals).toMatchObject({ identical: 3, equivalent: 1, failed: { count: 0 } });
    expect(proven.warnings).toMatchObject([{ code: 'WRITES_AFTER_RESTORE' }]);
    expect(proven.warnings[0]!.message).toContain('telemetry/cpu, fresh/table');
  });

  test('after which clients write what they kept back is not blamed for it', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const { state } = await stage.restore(plan, backup);
    const ago = (seconds: number) => BigInt(Date.now() - seconds * 1000) * 1_000_000n;
    stage.world.simulator.cluster.write('telemetry', [`late v=1 ${ago(10)}`]);
    const proven = await stage.session.restore.prove(plan, state, backup, () => undefined);
    expect(proven.totals).toMatchObject({ artifacts: 4, identical: 4, failed: { count: 0 } });
    expect(proven.warnings).toMatchObject([{ code: 'WRITES_AFTER_RESTORE' }]);
    expect(proven.warnings[0]!.message).toContain('telemetry/late');
    stage.world.simulator.cluster.write('telemetry', [`late v=1 ${ago(600)}`]);
    const kept = await stage.fresh().restore.prove(plan, state, backup, () => undefined);
    expect(kept.totals).toMatchObject({
      artifacts: 5,
      failed: { count: 1, subjects: ['telemetry/late has 1 rows, and is not in the backup'] },
    });
  });

  test('without anybody who counts is only the word of the server, which is said', async () => {
    await using stage = await enterpriseStage({ nodes: [{ role: 'compact' }, { role: 'query' }] });
    const [compact] = stage.world.simulator.nodes.map(({ url }) => url);
    const { backup } = await stage.take();
    const alone = stage.fresh({ nodes: [compact] });
    const plan = await stage.plan(backup, {});
    const { state } = await stage.restore(plan, backup);
    const request = { backup, restore: { target: 'articles' }, destination: 'articles', run: 'r' };
    const foretold = await alone.restore.plan(request);
    expect(codes(foretold.summary.warnings)).toContain('PROOF_IMPOSSIBLE');
    const now = await alone.restore.prove(foretold, state, backup, () => undefined);
    expect(now.totals).toMatchObject({ artifacts: 0, identical: 0, equivalent: 0 });
    expect(now.warnings).toMatchObject([{ code: 'PROOF_IMPOSSIBLE' }]);
    const uncounted = structuredClone(backup.manifest);
    uncounted.detail.census = 'missing';
    const then = { ...backup, manifest: uncounted };
    const proven = await stage.session.restore.prove(plan, state, then, () => undefined);
    expect(codes(proven.warnings)).toEqual(['PROOF_IMPOSSIBLE']);
    expect(codes((await stage.plan(then, {})).summary.warnings)).toContain('PROOF_IMPOSSIBLE');
    expect((await alone.restore.finish(plan, state)).restored).toEqual(['cluster cluster01']);
  });

  test('is compared although queries are not answered for a moment, and waits where they never are', async () => {
    await using stage = await enterpriseStage({ nodes: [{ role: 'compact' }, { role: 'query' }] });
    const [compact] = stage.world.simulator.nodes.map(({ url }) => url);
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const { state } = await stage.restore(plan, backup);
    for (const times of [2, 8]) {
      stage.world.simulator.switches.unavailable = { at: ['query'], times };
      const proven = await stage.session.restore.prove(plan, state, backup, () => undefined);
      expect(proven.totals).toMatchObject({ identical: 4, failed: { count: 0 } });
      expect(proven.warnings).toEqual([]);
    }
    const alone = stage.fresh({ nodes: [compact] }).restore;
    const failure = await failureOf(alone.prove(plan, state, backup, () => undefined));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_ERROR', true]);
  });

  test('brings older tokens back: a later one is told, or another is at hand', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const younger = 'a-token-that-is-younger-than-the-backup';
    const older = 'a-token-that-the-backup-knows';
    const { cluster } = stage.world.simulator;
    cluster.tokens.set(younger, 'operator');
    const session = stage.fresh({ token: inEnvironment(younger) });
    const plan = await stage.plan(backup, {});
    const state = await session.restore.start(plan, new Date());
    await stage.followRestore(plan, state);
    const failure = await failureOf(session.restore.poll(plan, state));
    expect(failure.code).toBe('TOKEN_AFTER_RESTORE');
    // Its end may have been told by a node that still knew the token.
    const prove = () => session.restore.prove(plan, state, backup, () => undefined);
    expect((await failureOf(prove())).code).toBe('TOKEN_AFTER_RESTORE');
    expect(failure.message).not.toContain(younger);
    cluster.tokens.set(older, 'operator');
    const both = { token: inEnvironment(younger), tokenAfterRestore: inEnvironment(older) };
    expect((await stage.fresh(both).restore.poll(plan, state)).state).toBe('succeeded');
  });

  test('may bring the identity of the backup along', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const { cluster } = stage.world.simulator;
    const identity = cluster.uuid;
    cluster.uuid = '00000000-0000-4000-8000-000000000000';
    const manifest = { ...backup.manifest };
    manifest.product = { ...manifest.product, identity };
    const known = { ...backup, manifest };
    const session = stage.fresh();
    const plan = await session.restore.plan({
      backup: known,
      restore: { target: 'suite' },
      destination: 'suite',
      run: 'r',
    });
    const state = await session.restore.start(plan, new Date());
    await expect
      .poll(async () => (await session.restore.poll(plan, state)).state)
      .toBe('succeeded');
    expect(cluster.uuid).toBe(identity);
    expect((await session.restore.poll(plan, state)).state).toBe('succeeded');
  });
});
