import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  delegatedStage,
  demandFault,
  failureOf,
  mayPass,
  type DelegatedStage,
  type Taken,
} from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

export function describeDelegatedRestore(subject: DelegatedUnderTest): void {
  const { restore: ask } = subject;
  const beside = ask.kind === 'beside';
  describe('a restore', () => {
    let stage: DelegatedStage;
    let taken: Taken;
    let original: Record<string, unknown>;
    const units = ['Alpha', 'Beta'];
    const losing = () => lose(stage, beside, units);
    const everything = () => stage.plan(taken.backup, ask.everything);
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      for (const unit of units) await stage.world.seed(unit, unit.toLowerCase());
      original = await stage.contents();
      taken = await stage.take();
    });
    beforeEach(losing);
    afterEach(() => stage.world.faults.release?.());
    afterAll(() => stage[Symbol.asyncDispose]());

    test('is planned without changing anything, and always in the same way', async () => {
      const look = async () => [await stage.contents(), await stage.objects('')];
      const before = await look();
      const [one, two] = [await everything(), await everything()];
      expect(two.summary).toEqual(one.summary);
      expect(one.name).toBe(taken.name);
      expect(one.summary.destructive).toBe(!beside);
      expect(one.summary.artifacts).toBeGreaterThan(0);
      expect([...one.summary.creates, ...one.summary.replaces].length).toBeGreaterThan(0);
      expect(await look()).toEqual(before);
      expect(stage.secretsIn([one])).toEqual([]);
    });

    test('brings back what was lost, and proves it', async () => {
      const plan = await everything();
      const { state, proven } = await stage.restore(plan, taken.backup);
      expect(proven.totals.failed).toEqual({ subjects: [], count: 0 });
      expect(proven.totals.identical + proven.totals.equivalent).toBeGreaterThan(0);
      const { restored } = await stage.session.restore.finish(plan, state);
      for (const unit of units) {
        expect(restored.some((one) => one.includes(subject.label(unit)))).toBe(true);
      }
      expect(await stage.contents()).toEqual(original);
      expect(stage.secretsIn([plan, state, proven, restored])).toEqual([]);
    });

    test('can be repeated at every step, as after the death of a worker', async () => {
      const plan = await everything();
      const since = new Date();
      await stage.session.restore.start(plan, since);
      const state = await stage.connect().restore.start(plan, since);
      expect((await stage.followRestore(plan, state)).state).toBe('succeeded');
      const again = await stage.session.restore.start(plan, since);
      expect((await stage.followRestore(plan, again)).state).toBe('succeeded');
      const prove = () => stage.session.restore.prove(plan, state, taken.backup, () => undefined);
      const proven = await prove();
      expect(await prove()).toEqual(proven);
      expect(proven.totals.failed.count).toBe(0);
      const first = await stage.session.restore.finish(plan, state);
      expect((await stage.session.restore.finish(plan, state)).restored).toEqual(first.restored);
      expect(await stage.contents()).toEqual(original);
    });

    test('takes back what lay elsewhere meanwhile', async () => {
      const whole = new Map<string, Buffer>();
      for (const { key } of taken.inventory.objects) whole.set(key, await stage.read(key));
      await stage.session.backup.remove(taken.name);
      const plan = await everything();
      for (const [key, bytes] of whole) await stage.storage.put(key, bytes);
      const { proven, state } = await stage.restore(plan, taken.backup);
      expect(proven.totals.failed.count).toBe(0);
      await stage.session.restore.finish(plan, state);
      expect(await stage.contents()).toEqual(original);
    });

    test('needs no more objects than it says', async ({ skip }) => {
      if (typeof ask.unit === 'string') skip(ask.unit);
      else {
        const plan = await stage.plan(taken.backup, ask.unit('Beta'));
        const prefixes = plan.prefixes ?? [''];
        const needed = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
        const spare = taken.inventory.objects.filter(({ key }) => !needed(key));
        const whole = new Map<string, Buffer>();
        for (const { key } of spare) whole.set(key, await stage.read(key));
        await stage.storage.remove([...whole.keys()]);
        const { proven, state } = await stage.restore(plan, taken.backup);
        for (const [key, bytes] of whole) await stage.storage.put(key, bytes);
        expect(proven.totals.failed.count).toBe(0);
        const { restored } = await stage.session.restore.finish(plan, state);
        expect(restored.some((one) => one.includes(subject.label('Alpha')))).toBe(false);
        expect(await stage.contents()).toEqual({ Beta: original['Beta'] });
      }
    });

    test('leaves alone what was not asked for', async ({ skip }) => {
      if (!beside) skip('it puts the whole back');
      await stage.world.seed('Gamma', 'gamma');
      const gamma = await stage.world.contents('Gamma');
      const plan = await everything();
      const { state } = await stage.restore(plan, taken.backup);
      await stage.session.restore.finish(plan, state);
      expect(await stage.contents()).toEqual({ ...original, Gamma: gamma });
    });

    test('refuses what would meet something of the same name, and changes nothing', async ({
      skip,
    }) => {
      if (!beside) skip('it replaces');
      await stage.world.seed('Alpha', 'other');
      const before = await stage.contents();
      expect((await failureOf(everything())).code).toBe('DESTINATION_EXISTS');
      expect(await stage.contents()).toEqual(before);
    });

    test('refuses a selection that matches nothing', async ({ skip }) => {
      if (typeof ask.unit === 'string') skip(ask.unit);
      else {
        const failure = await failureOf(stage.plan(taken.backup, ask.unit('Nothing')));
        expect(failure.code).toBe('SELECTION_EMPTY');
      }
    });

    test('tells what came back wrong', async () => {
      const plan = await everything();
      const { state } = await stage.restore(plan, taken.backup);
      await stage.world.corrupt('Beta');
      const prove = () => stage.session.restore.prove(plan, state, taken.backup, () => undefined);
      const { totals } = await prove();
      expect(totals.failed.count).toBeGreaterThan(0);
      expect(totals.failed.subjects.join()).toContain('Beta');
      expect(totals.failed.subjects.join()).not.toContain('Alpha');
    });

    test('that says it succeeded is not believed', async ({ skip }) => {
      demandFault(stage.world, 'spoilRestore', skip)();
      const plan = await everything();
      const { proven } = await stage.restore(plan, taken.backup);
      expect(proven.totals.failed.count).toBeGreaterThan(0);
    });

    test('says that it failed, in the words of the product', async ({ skip }) => {
      demandFault(stage.world, 'failRestore', skip)();
      const plan = await everything();
      const state = await stage.session.restore.start(plan, new Date());
      const end = await stage.followRestore(plan, state);
      expect(end.state).toBe('failed');
      expect(end.words).not.toBe('');
    });

    test.for(['loseAnswer', 'loseRequest'] as const)(
      'begins once although the first attempt did %s',
      async (fault, { skip }) => {
        const fail = demandFault(stage.world, fault, skip);
        const plan = await everything();
        const since = new Date();
        fail('restore');
        const lost = await stage.session.restore
          .start(plan, since)
          .catch((error: unknown) => error);
        if (lost instanceof Error) expect(mayPass(lost)).toBe(true);
        const state = await stage.session.restore.start(plan, since);
        expect((await stage.followRestore(plan, state)).state).toBe('succeeded');
        const prove = stage.session.restore.prove(plan, state, taken.backup, () => undefined);
        expect((await prove).totals.failed.count).toBe(0);
        expect(await stage.contents()).toEqual(original);
      },
    );

    test('is cancelled to its end, and undone, or says what a person must look at', async ({
      skip,
    }) => {
      const hold = demandFault(stage.world, 'holdJobs', skip);
      const before = await stage.contents();
      const plan = await everything();
      hold();
      const state = await stage.session.restore.start(plan, new Date());
      expect((await stage.session.restore.poll(plan, state)).state).toBe('running');
      await stage.session.restore.cancel(plan, state);
      await stage.session.restore.cancel(plan, state);
      const end = await stage.followRestore(plan, state);
      expect(end.state).not.toBe('running');
      stage.world.faults.release?.();
      const undone = await stage.session.restore.undo(plan, state, false);
      await stage.session.restore.undo(plan, state, false);
      expect(stage.secretsIn([end, undone])).toEqual([]);
      if (beside) expect(await stage.contents()).toEqual(before);
      else expect(undone.unknown ?? '').not.toBe('');
    });

    test('is undone after it came back, or left where that would do harm', async () => {
      const before = await stage.contents();
      const plan = await everything();
      const { state } = await stage.restore(plan, taken.backup);
      const undone = await stage.session.restore.undo(plan, state, false);
      if (!beside) {
        // It cannot be undone: it stays as it came back, and a person is told to look.
        expect(undone).toMatchObject({ removed: [], quarantined: [] });
        expect(undone.unknown).toContain(taken.backup.manifest.id);
        expect(await stage.contents()).toEqual(original);
        return;
      }
      expect(undone.removed.length).toBeGreaterThan(0);
      expect(await stage.contents()).toEqual(before);
    });

    test('is kept when that is asked for, and that is said', async ({ skip }) => {
      if (!beside) skip('there is nothing beside');
      const plan = await everything();
      const { state } = await stage.restore(plan, taken.backup);
      const { quarantined, removed } = await stage.session.restore.undo(plan, state, true);
      expect(removed).toEqual([]);
      expect(quarantined.length).toBeGreaterThan(0);
    });

    test('is cancelled and undone although it never began', async () => {
      const before = await stage.contents();
      const plan = await everything();
      await stage.session.restore.cancel(plan, undefined);
      const undone = await stage.session.restore.undo(plan, undefined, false);
      expect(undone.removed).toEqual([]);
      expect(undone.quarantined).toEqual([]);
      expect(await stage.contents()).toEqual(before);
    });
  });
}

/** Before each restore something is lost: all units where one is brought back beside others, else some of the data. */
async function lose(stage: DelegatedStage, beside: boolean, units: string[]): Promise<void> {
  const there = await stage.world.units();
  if (beside) {
    for (const unit of there) await stage.world.destroy(unit);
    return;
  }
  for (const unit of units) if (there.includes(unit)) await stage.world.corrupt(unit);
}
