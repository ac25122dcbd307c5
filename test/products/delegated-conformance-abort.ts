import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DelegatedSession, PlannedJob } from '../../activities/products/delegated.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/holding-proxy.ts';
import { ticksUntil } from '../support/ticks.ts';
import { heldStore, type HeldStore } from './delegated-held-store.ts';
import { delegatedStage, type DelegatedStage, type Taken } from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

/** Against hanging, not a measure: a loaded machine may need its time. */
const SOON_MS = 10_000;
/** A second, of which a tick is a tenth. */
const PROMISED_TICKS = 10;

export function describeDelegatedAborts(subject: DelegatedUnderTest): void {
  describe('while the other side has fallen silent', () => {
    let stage: DelegatedStage;
    let proxy: HoldingProxy;
    let held: HeldStore;
    let taken: Taken;
    let spare: Taken;
    let plan: PlannedJob;
    let state: Record<string, unknown>;
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      await stage.world.seed('Alpha', 'alpha');
      taken = await stage.take();
      spare = await stage.take();
      if (subject.restore.kind === 'beside') await stage.world.destroy('Alpha');
      plan = await stage.plan(taken.backup, subject.restore.everything);
      ({ state } = await stage.restore(plan, taken.backup));
      proxy = await startHoldingProxy(stage.world.url);
      held = heldStore(stage.storage);
    });
    afterEach(() => {
      proxy.release();
      held.release();
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    });

    // In this order: the last ones may have done what they do.
    const methods: [string, (session: DelegatedSession) => Promise<unknown>][] = [
      ['preflight', (session) => session.preflight('backup')],
      ['observe', ({ backup }) => backup.observe()],
      ['poll', ({ backup }) => backup.poll(taken.name)],
      ['inventory', ({ backup }) => backup.inventory(taken.name, taken.observed)],
      [
        'plan',
        ({ restore }) =>
          restore.plan({
            backup: taken.backup,
            restore: { target: 'suite', ...subject.restore.everything },
            destination: 'suite',
            run: 'a-run-of-its-own',
          }),
      ],
      ['poll of a restore', ({ restore }) => restore.poll(plan, state)],
      ['prove', ({ restore }) => restore.prove(plan, state, taken.backup, () => undefined)],
      ['start', ({ backup }) => backup.start(taken.name, new Date(0))],
      ['start of a restore', ({ restore }) => restore.start(plan, new Date(0))],
      ['cancel', ({ backup }) => backup.cancel(taken.name)],
      ['cancel of a restore', ({ restore }) => restore.cancel(plan, state)],
      ['finish', ({ restore }) => restore.finish(plan, state)],
      ['undo', ({ restore }) => restore.undo(plan, state, false)],
      ['remove', ({ backup }) => backup.remove(spare.name)],
    ];

    test.each(methods)('%s ends within a second of the signal', async (name, method) => {
      const none = subject.silentMethods?.includes(name) ?? false;
      for (const silent of ['both', 'server', 'storage'] as const) {
        const abort = new AbortController();
        const session = stage.connect({
          connection: stage.world.connection(proxy.url),
          signal: abort.signal,
          storage: held.store,
        });
        if (silent !== 'storage') proxy.hold();
        if (silent !== 'server') held.hold();
        const doing = method(session).then(
          () => 'done',
          () => 'failed',
        );
        const early = await Promise.race([doing, sleep(300, 'held')]);
        if (silent === 'both' && !none) expect(early).toBe('held');
        abort.abort(new Error('enough'));
        const ending = Promise.race([doing, sleep(SOON_MS, 'still held')]);
        const ticks = await ticksUntil(ending);
        const end = await ending;
        // With one side there, it may also have been about to end.
        const ends = silent === 'both' && !none ? ['failed'] : ['failed', 'done'];
        expect(ends, `with ${silent} silent`).toContain(end);
        expect(ticks, `with ${silent} silent`).toBeLessThanOrEqual(PROMISED_TICKS);
        proxy.release();
        held.release();
        await session.close();
      }
    });
  });
}
