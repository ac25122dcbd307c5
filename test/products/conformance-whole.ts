import { describe, expect } from 'vitest';
import { backupRun } from './backup-run.ts';
import { testIf } from './conformance-restore.ts';
import type { ProductUnderTest } from './product-under-test.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo } from './session.ts';

export function describeWholeRestore(subject: ProductUnderTest): void {
  const whole = typeof subject.ask.whole === 'string' ? {} : subject.ask.whole;
  describe('a restore of everything', () => {
    testIf(
      subject.ask.whole,
      'brings all of it to a fresh server, step by step twice',
      async () => {
        await using source = await subject.start();
        await using target = await subject.start();
        await using run = await backupRun(subject.product.name);
        const units = ['alpha', 'beta'].map((name) => ({ group: source.group, name }));
        for (const unit of units) await source.write(unit, unit.name);
        const from = connectTo(subject, source.connection());
        const backup = await run.take(from);
        await from.close();

        const to = connectTo(subject, target.connection(), {
          source: { target: 'source', connection: source.connection() },
        });
        const restoring = await restoreRun(to, backup, whole, await run.spool());
        expect(restoring.plan.summary.destructive).toBe(false);
        await restoring.prepare();
        await restoring.prepare();
        const { restored } = await restoring.complete();
        await restoring.finish();
        await to.close();
        expect(restored).toEqual(expect.arrayContaining(units.map(subject.label)));
        for (const unit of units) {
          expect(await target.contents(unit)).toEqual(await source.contents(unit));
        }
      },
    );

    testIf(subject.ask.whole, 'says beforehand what it destroys', async () => {
      await using server = await subject.start();
      await using run = await backupRun(subject.product.name);
      await server.write({ group: server.group, name: 'alpha' }, 'alpha');
      const session = connectTo(subject, server.connection());
      const backup = await run.take(session);
      const later = { group: server.group, name: 'later' };
      await server.write(later, 'later');
      const restoring = await restoreRun(session, backup, whole, await run.spool());
      const { destructive, replaces } = restoring.plan.summary;
      expect(destructive).toBe(true);
      expect(replaces).toContain(subject.label(later));
      expect(await server.contents(later)).not.toBe(undefined);
      await restoring.complete();
      expect(await server.contents(later)).toBe(undefined);
      await session.close();
    });
  });
}
