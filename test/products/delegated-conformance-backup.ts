import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  delegatedStage,
  demandFault,
  failureOf,
  mayPass,
  type DelegatedStage,
} from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

const HOUR_MS = 3_600_000;

export function describeDelegatedBackup(subject: DelegatedUnderTest): void {
  describe('a backup', () => {
    let stage: DelegatedStage;
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      await stage.world.seed('Alpha', 'alpha');
      await stage.world.seed('Beta', 'beta');
    });
    afterEach(() => stage.world.faults.release?.());
    afterAll(() => stage[Symbol.asyncDispose]());

    test('observes without changing anything, and as it is', async () => {
      const before = [await stage.contents(), await stage.objects('')];
      const observed = await stage.session.backup.observe();
      expect(JSON.parse(JSON.stringify(observed))).toEqual(observed);
      expect(stage.secretsIn([observed])).toEqual([]);
      expect([await stage.contents(), await stage.objects('')]).toEqual(before);
    });

    test('runs to its end, and everything that it wrote is listed as it lies there', async () => {
      const { name, inventory } = await stage.take();
      const prefix = stage.session.backup.prefix(name);
      expect(prefix.endsWith('/')).toBe(true);
      const listed = inventory.objects.map(({ key, bytes }) => ({ key, bytes }));
      const there = (await stage.objects(prefix)).map(({ key, bytes }) => ({ key, bytes }));
      expect(there.length).toBeGreaterThan(0);
      expect(listed.toSorted(byKey)).toEqual(there.toSorted(byKey));
      for (const { role, subject: of } of inventory.objects) {
        expect(role).not.toBe('');
        expect(of).not.toBe('');
      }
      expect(inventory.bases).toEqual([]);
      expect(stage.secretsIn([inventory])).toEqual([]);
      expect(await stage.world.backups()).toContain(name);
    });

    test('leaves the database as it was', async () => {
      const before = await stage.contents();
      await stage.take();
      expect(await stage.contents()).toEqual(before);
    });

    test('is unknown before it begins', async () => {
      expect((await stage.session.backup.poll(stage.jobName())).state).toBe('absent');
    });

    test('is asked for after pauses that are neither none nor hours', () => {
      for (const elapsed of [0, 1000, 60_000, HOUR_MS, 24 * HOUR_MS]) {
        const pause = stage.session.backup.pauseMs(elapsed);
        expect(pause).toBeGreaterThanOrEqual(100);
        expect(pause).toBeLessThanOrEqual(60_000);
      }
    });

    test('begun twice is one', async () => {
      const before = await stage.world.backups();
      const { name, since } = await stage.begin();
      expect(await stage.session.backup.isOurs(stage.jobName(), since)).toBe(true);
      await stage.session.backup.start(name, since);
      await stage.connect().backup.start(name, since);
      expect(await stage.session.backup.isOurs(name, since)).toBe(true);
      expect((await stage.follow(name)).state).toBe('succeeded');
      await stage.session.backup.start(name, since);
      expect((await stage.session.backup.poll(name)).state).toBe('succeeded');
      expect(await stage.world.backups()).toEqual([...before, name].toSorted());
    });

    test.for(['loseAnswer', 'loseRequest'] as const)(
      'begins once although the first attempt did %s',
      async (fault, { skip }) => {
        const lose = demandFault(stage.world, fault, skip);
        const before = await stage.world.backups();
        const name = stage.jobName();
        const since = new Date();
        lose('start');
        const lost = await stage.session.backup.start(name, since).catch((error: unknown) => error);
        if (lost !== undefined) expect(mayPass(lost)).toBe(true);
        await stage.session.backup.start(name, since);
        expect((await stage.follow(name)).state).toBe('succeeded');
        expect(await stage.world.backups()).toEqual([...before, name].toSorted());
      },
    );

    test('does not take the name of a backup that is older than the run', async () => {
      const { name } = await stage.take();
      const before = await stage.objects(stage.session.backup.prefix(name));
      const later = new Date(Date.now() + HOUR_MS);
      const failure = await failureOf(stage.session.backup.start(name, later));
      expect(failure.code).toBe('JOB_NAME_TAKEN');
      // Who comes to clean up must know it, too.
      expect(await stage.session.backup.isOurs(name, later)).toBe(false);
      expect(await stage.objects(stage.session.backup.prefix(name))).toEqual(before);
    });

    test('shows that it runs, and then that it has ended', async ({ skip }) => {
      const hold = demandFault(stage.world, 'holdJobs', skip);
      hold();
      const { name } = await stage.begin();
      const running = await stage.session.backup.poll(name);
      expect(running.state).toBe('running');
      expect(running.words).not.toBe('');
      stage.world.faults.release?.();
      expect((await stage.follow(name)).state).toBe('succeeded');
    });

    test('waits for another one', async ({ skip }) => {
      if (subject.oneAtATime !== true) skip(subject.oneAtATime);
      const hold = demandFault(stage.world, 'holdJobs', skip);
      hold();
      const { name } = await stage.begin();
      const other = stage.jobName();
      const since = new Date();
      const failure = await failureOf(stage.session.backup.start(other, since));
      expect(failure.code).toBe('TARGET_BUSY');
      expect(mayPass(failure)).toBe(true);
      stage.world.faults.release?.();
      await stage.follow(name);
      for (;;) {
        const again = await stage.session.backup
          .start(other, since)
          .catch((error: unknown) => error);
        if (again === undefined) break;
        expect(mayPass(again)).toBe(true);
        await sleep(20);
      }
      expect((await stage.follow(other)).state).toBe('succeeded');
    });

    test('says that it failed, in the words of the product', async ({ skip }) => {
      const fail = demandFault(stage.world, 'failBackup', skip);
      fail();
      const { name } = await stage.begin();
      const end = await stage.follow(name);
      expect(end.state).toBe('failed');
      expect(end.words).not.toBe('');
      expect(stage.secretsIn([end])).toEqual([]);
    });

    test('is asked for again while the server is not there for a moment', async ({ skip }) => {
      const unavailable = demandFault(stage.world, 'unavailable', skip);
      const { name } = await stage.begin();
      unavailable(true);
      const failure = await failureOf(stage.session.backup.poll(name));
      unavailable(false);
      expect(mayPass(failure)).toBe(true);
      expect(stage.secretsIn([failure])).toEqual([]);
      expect((await stage.follow(name)).state).toBe('succeeded');
    });
  });
}

function byKey(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : 1;
}
