import { describe, expect, test } from 'vitest';
import type { DelegatedBackup, PlannedJob } from '../../activities/products/delegated.ts';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';
import { noted } from './noted-requests.ts';
import { startBalancer } from '../simulators/influxdb-3-enterprise/index.ts';

/** A restore of the same backup that another person begins. */
async function theirs(stage: EnterpriseStage, backup: DelegatedBackup) {
  const plan = await stage.plan(backup, {});
  const state = await stage.session.restore.start(plan, new Date());
  return {
    id: String(state.restoreId),
    end: () => stage.followRestore(plan, state),
    now: async () => (await stage.session.restore.poll(plan, state)).state,
  };
}

const nothing = { removed: [], quarantined: [] };
const undo = (stage: EnterpriseStage, plan: PlannedJob) =>
  stage.session.restore.undo(plan, undefined, false);

describe('a restore of the same backup that somebody else begins', () => {
  test('is not taken for ours when every request of ours was refused', async () => {
    await using stage = await enterpriseStage({ switches: { wholeSeconds: true } });
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    stage.world.faults.holdJobs?.();
    const since = new Date();
    const other = await theirs(stage, backup);
    const failure = await failureOf(stage.session.restore.start(plan(), since, notes));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    expect(failure.message).toContain(other.id);
    expect(calls).toEqual(['asking', 'refused']);

    expect((await stage.session.restore.poll(plan(), {})).state).toBe('absent');
    await stage.session.restore.cancel(plan(), undefined);
    expect(await undo(stage, plan())).toEqual(nothing);
    stage.world.faults.release?.();
    expect((await other.end()).state).toBe('succeeded');
  });

  test('is not taken for ours when it was there before our request', async () => {
    await using stage = await enterpriseStage({ switches: { wholeSeconds: true } });
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    const since = new Date();
    const other = await theirs(stage, backup);
    await other.end();
    stage.world.faults.loseAnswer?.('restore');
    const state = await stage.session.restore.start(plan(), since, notes);
    expect(calls).toEqual(['asking']);
    expect(state.restoreId).not.toBe(other.id);
    await stage.followRestore(plan(), state);
    const { unknown } = await undo(stage, plan());
    expect(unknown).toContain(String(state.restoreId));
    expect(unknown).toContain('the server does not tell who began it');
  });

  test('is not stopped when nobody can tell which of several is ours', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const plan = await stage.plan(backup, {});
    const one = await theirs(stage, backup);
    await one.end();
    stage.world.faults.holdJobs?.();
    const other = await theirs(stage, backup);
    const asked = { at: plan.detail['plannedAt'] as string, look: { known: [] } };
    const lost: PlannedJob = { ...plan, asked };
    const { state, words } = await stage.session.restore.poll(lost, {});
    expect(state).toBe('running');
    expect(words).toMatch(
      new RegExp(`^2 restores .*${other.id}.*${one.id}.*none was told to stop$`),
    );
    await stage.session.restore.cancel(lost, undefined);
    expect(await other.now()).toBe('running');
    const { unknown = '' } = await undo(stage, lost);
    for (const { id } of [one, other]) expect(unknown).toContain(id);
    const failure = await failureOf(stage.session.restore.start(lost, new Date()));
    expect(failure.code).toBe('RESTORE_STATE_UNKNOWN');
    stage.world.faults.release?.();
    expect((await other.end()).state).toBe('succeeded');
    expect((await stage.session.restore.poll(lost, {})).state).toBe('failed');
  });
});

describe('what stands between', () => {
  test('may say 503 of a restore that the server has accepted', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    stage.world.faults.holdJobs?.();
    await using balancer = await startBalancer([stage.world.url]);
    balancer.loses = { method: 'POST', times: 1 };
    const session = stage.fresh({ nodes: undefined, url: balancer.url });
    const state = await session.restore.start(plan(), new Date(), notes);
    expect(calls).toEqual(['asking']);
    const { restores } = stage.world.simulator.cluster;
    expect(restores).toMatchObject([{ id: state.restoreId, status: 'in_progress' }]);
    await session.restore.cancel(plan(), undefined);
    stage.world.faults.release?.();
    expect((await stage.followRestore(plan(), state)).state).toBe('failed');
    expect((await undo(stage, plan())).unknown).toContain(String(state.restoreId));
  });

  test('may take the word from an acceptance, and the list come late', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    stage.world.faults.holdJobs?.();
    const { cluster, switches } = stage.world.simulator;
    switches.emptyBody = { at: ['startRestore'], times: 1 };
    // Three looks, and the one before the next request.
    switches.restoreUnlisted = { at: [backup.name], times: 4 };
    const state = await stage.session.restore.start(plan(), new Date(), notes);
    expect(cluster.restores).toMatchObject([{ id: state.restoreId, status: 'in_progress' }]);
    expect(calls).toEqual(['asking', 'asking']);
  });

  test('may take the answer of a request, and the next one be refused before it is sent', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    stage.world.faults.holdJobs?.();
    stage.world.faults.loseAnswer?.('restore');
    const { switches } = stage.world.simulator;
    switches.restoreUnlisted = { at: [backup.name], times: 3 };
    const asking: typeof notes.asking = async (look) => {
      await notes.asking(look);
      if (calls.length === 2) switches.tokenRevoked = 1;
    };
    const starting = stage.session.restore.start(plan(), new Date(), { ...notes, asking });
    expect((await failureOf(starting)).code).toBe('AUTH_REJECTED');
    expect(calls).toEqual(['asking', 'asking']);
    expect((await stage.session.restore.poll(plan(), {})).state).toBe('running');
  });

  test('may have had a request accepted that is refused when it is sent again', async () => {
    await using stage = await enterpriseStage({ nodes: [{ role: 'query' }, { role: 'compact' }] });
    const { backup } = await stage.take();
    const { calls, notes, plan } = noted(await stage.plan(backup, {}));
    stage.world.faults.holdJobs?.();
    const other = await theirs(stage, backup);
    const urls = stage.world.simulator.nodes.map(({ url }) => url);
    await using balancer = await startBalancer(urls);
    const session = stage.fresh({ nodes: undefined, url: balancer.url });
    const failure = await failureOf(session.restore.start(plan(), new Date(), notes));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    expect(calls).toEqual(['asking']);
    // It was there before, and is not taken for ours.
    expect((await session.restore.poll(plan(), {})).state).toBe('absent');
    stage.world.faults.release?.();
    expect((await other.end()).state).toBe('succeeded');
  });
});
