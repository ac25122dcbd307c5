import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { delegatedStage, demandFault, mayPass, type DelegatedStage } from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

export function describeDelegatedCancel(subject: DelegatedUnderTest): void {
  describe('a backup that is not wanted any more', () => {
    let stage: DelegatedStage;
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      await stage.world.seed('Alpha', 'alpha');
    });
    afterEach(() => stage.world.faults.release?.());
    afterAll(() => stage[Symbol.asyncDispose]());
    const below = (name: string) => stage.objects(stage.session.backup.prefix(name));

    test('is cancelled to its end, and removed with all that it wrote and nothing else', async ({
      skip,
    }) => {
      const hold = demandFault(stage.world, 'holdJobs', skip);
      const kept = await stage.take();
      const others = await stage.objects('');
      hold();
      const { name } = await stage.begin();
      expect((await stage.session.backup.poll(name)).state).toBe('running');
      await stage.session.backup.cancel(name);
      await stage.session.backup.cancel(name);
      const end = await stage.follow(name);
      expect(['cancelled', 'failed', 'absent', 'succeeded']).toContain(end.state);
      await stage.session.backup.remove(name);
      expect(await below(name)).toEqual([]);
      expect(await stage.objects('')).toEqual(others);
      expect(await stage.session.backup.inventory(kept.name, kept.observed)).toEqual(
        kept.inventory,
      );
    });

    test('may end before its cancel comes', async () => {
      const { name } = await stage.begin();
      await stage.follow(name);
      await stage.session.backup.cancel(name);
      expect((await stage.session.backup.poll(name)).state).toBe('succeeded');
      await stage.session.backup.remove(name);
      expect(await below(name)).toEqual([]);
    });

    test('need not have begun', async () => {
      const name = stage.jobName();
      const before = await stage.objects('');
      await stage.session.backup.cancel(name);
      await stage.session.backup.remove(name);
      expect(await stage.objects('')).toEqual(before);
      expect((await stage.session.backup.poll(name)).state).toBe('absent');
    });

    test('is removed once, however often', async () => {
      const { name } = await stage.take();
      await stage.session.backup.remove(name);
      await stage.session.backup.remove(name);
      expect(await below(name)).toEqual([]);
    });

    test('takes nothing along whose name only begins alike', async () => {
      const name = stage.jobName();
      const other = `${name}-2`;
      await stage.take(name);
      const { inventory, observed } = await stage.take(other);
      await stage.session.backup.remove(name);
      expect(await below(name)).toEqual([]);
      expect(await stage.session.backup.inventory(other, observed)).toEqual(inventory);
    });

    test.for(['loseAnswer', 'loseRequest'] as const)(
      'is cancelled although the first attempt did %s',
      async (fault, { skip }) => {
        const lose = demandFault(stage.world, fault, skip);
        const hold = demandFault(stage.world, 'holdJobs', skip);
        hold();
        const { name } = await stage.begin();
        lose('cancel');
        const lost = await stage.session.backup.cancel(name).catch((error: unknown) => error);
        if (lost !== undefined) expect(mayPass(lost)).toBe(true);
        await stage.session.backup.cancel(name);
        expect((await stage.follow(name)).state).not.toBe('running');
        await stage.session.backup.remove(name);
        expect(await below(name)).toEqual([]);
      },
    );
  });
}
