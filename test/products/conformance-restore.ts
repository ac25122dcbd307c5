import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import type { ProductServer, ProductUnderTest, Unit } from './product-under-test.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf, secretsIn } from './session.ts';

export function describeRestore(subject: ProductUnderTest): void {
  const { ask } = subject;
  describe('a restore of parts', () => {
    let server: ProductServer;
    let session: ProductSession;
    let backup: BackupReader;
    let run: BackupRun;
    const contents = new Map<string, unknown>();
    const unit = (name: string, group = server.group): Unit => ({ group, name });
    const restore = async (request: object, to = session) =>
      restoreRun(to, backup, request, await run.spool());
    const everything = async () => {
      const found: [string, unknown][] = [];
      for (const one of await server.units()) {
        found.push([subject.label(one), await server.contents(one)]);
      }
      return found;
    };
    beforeAll(async () => {
      server = await subject.start();
      session = connectTo(subject, server.connection());
      for (const name of ['alpha', 'beta', 'gamma', 'delta']) {
        await server.write(unit(name), name);
        contents.set(name, await server.contents(unit(name)));
      }
      if (typeof ask.group !== 'string') {
        await server.write(unit('far', 'other'), 'far');
        contents.set('far', await server.contents(unit('far', 'other')));
      }
      run = await backupRun(subject.product.name);
      backup = await run.take(session);
    });
    afterAll(async () => {
      await session.close();
      await run[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    test('is planned without changing anything, and always in the same way', async () => {
      const before = await everything();
      const request = { ...ask.unit(unit('alpha')), onConflict: 'rename' as const };
      const [one, two] = [await restore(request), await restore(request)];
      expect(two.plan.summary).toEqual(one.plan.summary);
      expect(two.plan.steps).toEqual(one.plan.steps);
      expect(one.plan.steps.length).toBeGreaterThan(0);
      expect(one.plan.summary.artifacts).toBe(one.plan.steps.length);
      expect(one.plan.summary.destructive).toBe(false);
      expect(await everything()).toEqual(before);
      expect(secretsIn(server, [one.plan])).toEqual([]);
    });

    test('brings back what was removed, proves it, and touches nothing else', async () => {
      await server.remove(unit('alpha'));
      const others = await everything();
      const restoring = await restore(ask.unit(unit('alpha')));
      await restoring.prepare();
      for (const step of restoring.plan.steps) {
        await restoring.apply(step);
        expect((await restoring.prove(step)).result).not.toBe('different');
      }
      expect(await server.contents(unit('alpha'))).toBe(undefined);
      const { restored } = await restoring.finish();
      expect(restored).toEqual([subject.label(unit('alpha'))]);
      expect(await server.contents(unit('alpha'))).toEqual(contents.get('alpha'));
      const now = await everything();
      expect(now.filter(([label]) => label !== subject.label(unit('alpha')))).toEqual(others);
    });

    test('can be repeated at every step, as after the death of a worker', async () => {
      await server.remove(unit('beta'));
      const restoring = await restore(ask.unit(unit('beta')));
      await restoring.prepare();
      for (const step of restoring.plan.steps) await restoring.apply(step);
      await restoring.prepare();
      for (const step of restoring.plan.steps) {
        await restoring.apply(step);
        await restoring.apply(step);
        expect((await restoring.prove(step)).result).not.toBe('different');
        expect((await restoring.prove(step)).result).not.toBe('different');
      }
      const first = await restoring.finish();
      expect(await restoring.finish()).toEqual(first);
      expect(await server.contents(unit('beta'))).toEqual(contents.get('beta'));
      const names = (await server.units()).map(({ name }) => name);
      expect(names.filter((name) => name.startsWith('beta'))).toEqual(['beta']);
    });

    test('tells a part that never came', async () => {
      const restoring = await restore({ ...ask.unit(unit('alpha')), onConflict: 'rename' });
      await restoring.prepare();
      for (const step of restoring.plan.steps) {
        expect((await restoring.prove(step)).result).toBe('different');
      }
      await restoring.undo();
    });

    test('is undone without a trace, or kept under a name that says what it is', async () => {
      const before = await everything();
      const request = { ...ask.unit(unit('alpha')), onConflict: 'rename' as const };
      const gone = await restore(request);
      await gone.prepare();
      for (const step of gone.plan.steps) await gone.apply(step);
      expect((await gone.undo()).removed.length).toBeGreaterThan(0);
      await gone.undo();
      expect(await everything()).toEqual(before);

      const kept = await restore(request);
      await kept.prepare();
      const { quarantined } = await kept.undo(true);
      expect(quarantined.length).toBe(1);
      // As an attempt says whose answer was lost.
      expect((await kept.undo(true)).quarantined).toEqual(quarantined);
      const added = (await server.units()).filter(
        (one) => !before.some(([label]) => label === subject.label(one)),
      );
      expect(added.map(subject.label)).toEqual(quarantined);
      for (const one of added) await server.remove(one);
    });

    test('is undone although it was never prepared', async () => {
      const before = await everything();
      const restoring = await restore({ ...ask.unit(unit('alpha')), onConflict: 'rename' });
      expect(await restoring.undo()).toEqual({ removed: [], quarantined: [] });
      expect(await everything()).toEqual(before);
    });

    test('refuses what would meet something of the same name, and changes nothing', async () => {
      const before = await everything();
      const failure = await failureOf(restore(ask.unit(unit('alpha'))));
      expect(failure.code).toBe('DESTINATION_EXISTS');
      expect(await everything()).toEqual(before);
    });

    test('refuses a selection that matches nothing', async () => {
      const failure = await failureOf(restore(ask.unit(unit('nothing-of-this-name'))));
      expect(failure.code).toBe('SELECTION_EMPTY');
    });

    testIf(ask.beside, 'puts the old state beside the new one', async () => {
      await server.write(unit('gamma'), 'more');
      const changed = await server.contents(unit('gamma'));
      const restoring = await restore({ ...ask.unit(unit('gamma')), onConflict: 'rename' });
      const { restored } = await restoring.complete();
      expect(await server.contents(unit('gamma'))).toEqual(changed);
      const beside = (await server.units()).filter((one) => restored.includes(subject.label(one)));
      expect(beside.length).toBe(1);
      for (const one of beside) expect(await server.contents(one)).toEqual(contents.get('gamma'));
    });

    testIf(ask.beside, 'replaces what is there, keeping it under another name', async () => {
      await server.write(unit('delta'), 'more');
      const changed = await server.contents(unit('delta'));
      const request = { ...ask.unit(unit('delta')), onConflict: 'replace' as const };
      const restoring = await restore(request);
      expect(restoring.plan.summary.replaces.length).toBe(1);
      await restoring.prepare();
      for (const step of restoring.plan.steps) await restoring.apply(step);
      expect(await server.contents(unit('delta'))).toEqual(changed);
      const { warnings } = await restoring.finish();
      await restoring.finish();
      expect(warnings.length).toBeGreaterThan(0);
      expect(await server.contents(unit('delta'))).toEqual(contents.get('delta'));
      const kept = unit(`delta.replaced-${run.id}`);
      expect(await server.contents(kept)).toEqual(changed);
    });

    testIf(ask.renamed, 'gives another name', async () => {
      if (typeof ask.renamed === 'string') return;
      const restoring = await restore(ask.renamed(unit('alpha'), 'alpha-copy'));
      await restoring.complete();
      expect(await server.contents(unit('alpha-copy'))).toEqual(contents.get('alpha'));
      expect(await server.contents(unit('alpha'))).toEqual(contents.get('alpha'));
    });

    testIf(
      ask.group,
      'takes a whole group to another server, which had no such group',
      async () => {
        if (typeof ask.group === 'string') return;
        await using other = await subject.start();
        const there = connectTo(subject, other.connection());
        const { restored } = await (await restore(ask.group('other'), there)).complete();
        expect(restored).toEqual([subject.label(unit('far', 'other'))]);
        expect(await other.contents(unit('far', 'other'))).toEqual(contents.get('far'));
        expect(await other.contents(unit('alpha', other.group))).toBe(undefined);
        await there.close();
      },
    );
  });
}

/** A case that not every product has: what it lacks is said in the title of what is skipped. */
export function testIf(ability: unknown, title: string, body: () => Promise<void>): void {
  if (typeof ability === 'string') test.skip(`${title} (${ability})`, body);
  else test(title, body);
}
