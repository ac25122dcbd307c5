import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { delegatedStage, failureOf, type DelegatedStage, type Taken } from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

export function describeDelegatedInventory(subject: DelegatedUnderTest): void {
  describe('the inventory of a finished backup', () => {
    let stage: DelegatedStage;
    let taken: Taken;
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      await stage.world.seed('Alpha', 'alpha');
      await stage.world.seed('Beta', 'beta');
      taken = await stage.take();
    });
    afterAll(() => stage[Symbol.asyncDispose]());
    // A short patience: what has been damaged does not mend itself.
    const inventory = () =>
      stage.connect({ stallMs: 1000 }).backup.inventory(taken.name, taken.observed);

    test('is the same whenever it is made', async () => {
      expect(await inventory()).toEqual(taken.inventory);
    });

    test('carries files that are small and have paths of their own', () => {
      const { files } = taken.inventory;
      expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
      for (const { path, bytes } of files) {
        expect(path).toMatch(/^[^/].*$/);
        expect(bytes.byteLength).toBeGreaterThan(0);
      }
    });

    const damages: [string, (bytes: Buffer) => Buffer | undefined][] = [
      ['missing', () => undefined],
      ['without a byte', () => Buffer.alloc(0)],
      ['cut short', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ];
    test.each(damages)('refuses every object that is %s', async (what, damage) => {
      const told = new Map<string, string>();
      for (const { key } of taken.inventory.objects) {
        const whole = await stage.read(key);
        const damaged = damage(whole);
        if (damaged === undefined) await stage.storage.remove([key]);
        else await stage.storage.overwrite(key, damaged);
        const outcome = await failureOf(inventory()).catch(() => undefined);
        await stage.storage.overwrite(key, whole);
        told.set(key, outcome?.code ?? 'nothing');
        expect(stage.secretsIn([outcome ?? ''])).toEqual([]);
      }
      expect(told.size).toBeGreaterThan(0);
      const allowed = (key: string): string[] => [
        'BACKUP_INCOMPLETE',
        ...(subject.detects.also?.(key) ?? []),
      ];
      const unseen = [...told].filter(([key, code]) => !allowed(key).includes(code));
      if (what === 'cut short' && subject.detects.truncated !== true) return;
      expect(unseen).toEqual([]);
      // Mended, it may bear other tags: it was written in another way.
      const mended = (await inventory()).objects.map(({ key, bytes }) => ({ key, bytes }));
      expect(mended).toEqual(taken.inventory.objects.map(({ key, bytes }) => ({ key, bytes })));
    });

    test('refuses a backup of which nothing is left', async () => {
      const gone = await stage.take();
      const keys = gone.inventory.objects.map(({ key }) => key);
      await stage.storage.remove(keys);
      const failure = await failureOf(
        stage.connect({ stallMs: 1000 }).backup.inventory(gone.name, gone.observed),
      );
      expect(failure.code).toBe('BACKUP_INCOMPLETE');
    });
  });
}
