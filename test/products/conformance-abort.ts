import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type {
  BackupReader,
  ProductSession,
  RestoreStep,
} from '../../activities/products/product.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/holding-proxy.ts';
import { backupRun, type BackupRun, type Captured } from './backup-run.ts';
import { ticksUntil } from '../support/ticks.ts';
import type { ProductServer, ProductUnderTest } from './product-under-test.ts';
import { restoreRun, type RestoreRun } from './restore-run.ts';
import { connectTo } from './session.ts';

/** Against hanging, not a measure: the silence of the server lasts until long after. */
const SOON_MS = 10_000;
/** A second, of which a tick is a tenth. */
const PROMISED_TICKS = 10;

export function describeAborts(subject: ProductUnderTest): void {
  describe('while the server has fallen silent', () => {
    let server: ProductServer;
    let proxy: HoldingProxy;
    let run: BackupRun;
    let captured: Captured;
    let backup: BackupReader;
    beforeAll(async () => {
      server = await subject.start();
      await server.write({ group: server.group, name: 'alpha' }, 'alpha');
      run = await backupRun(subject.product.name);
      const session = connectTo(subject, server.connection());
      captured = await run.capture(session);
      const moved = await run.transfer(session, captured);
      backup = await run.commit(captured, moved, await run.conclude(session, captured, moved));
      await session.close();
      proxy = await startHoldingProxy(server.url);
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await run[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    afterEach(() => proxy.release());

    interface Held {
      session: ProductSession;
      restoring: RestoreRun;
      step: RestoreStep;
    }
    const methods: [string, number, (held: Held) => Promise<unknown>][] = [
      ['preflight', 0, ({ session }) => session.preflight('backup')],
      ['capture', 0, ({ session }) => run.capture(session)],
      ['capture, in the middle of an answer', 700, ({ session }) => run.capture(session)],
      ['open', 0, ({ session }) => session.backup.open(first(captured.capture.artifacts))],
      [
        'the body of what was opened',
        600,
        async ({ session }) => {
          const opened = await session.backup.open(first(captured.capture.artifacts));
          if (opened === 'gone') throw new Error('gone');
          for await (const _ of opened.body);
        },
      ],
      ['plan', 0, async ({ session }) => restoreRun(session, backup, request(), await run.spool())],
      ['prepare', 0, ({ restoring }) => restoring.prepare()],
      ['apply', 0, ({ restoring, step }) => restoring.apply(step)],
      ['prove', 0, ({ restoring, step }) => restoring.prove(step)],
      ['prove, in the middle of an answer', 600, ({ restoring, step }) => restoring.prove(step)],
      ['finish', 0, ({ restoring }) => restoring.finish()],
      ['undo', 0, ({ restoring }) => restoring.undo()],
    ];
    const request = () => ({
      ...subject.ask.unit({ group: server.group, name: 'alpha' }),
      onConflict: 'rename' as const,
    });

    test.each(methods)('%s ends within a second of the signal', async (_, bytes, method) => {
      const abort = new AbortController();
      const session = connectTo(subject, server.connection(proxy.url), { signal: abort.signal });
      const restoring = await restoreRun(session, backup, request(), await run.spool());
      await restoring.prepare();
      const step = first(restoring.plan.steps);
      await restoring.apply(step);

      proxy.hold(bytes);
      const doing = method({ session, restoring, step }).then(
        () => 'done',
        () => 'failed',
      );
      expect(await Promise.race([doing, sleep(300, 'held')])).toBe('held');
      abort.abort(new Error('enough'));
      const ending = Promise.race([doing, sleep(SOON_MS, 'still held')]);
      expect(await ticksUntil(ending)).toBeLessThanOrEqual(PROMISED_TICKS);
      expect(await ending).toBe('failed');
      proxy.release();
      await session.close();

      const after = connectTo(subject, server.connection());
      await after.restore.undo({ ...restoring.plan, steps: [] }, false);
      await after.close();
    });
  });
}

function first<T>(items: T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('There is nothing to take the first of.');
  return item;
}
