import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProductSession } from '../../activities/products/product.ts';
import { ticksUntil } from '../support/ticks.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { backupInMemory } from './backup-in-memory.ts';
import { startSmallServer, type SmallServer } from './small-server.ts';

/** A second, of which a tick is a tenth. */
const PROMISED_TICKS = 10;
const RUN = 'run1';

let server: SmallServer;
let folder: TemporaryFolder;
let plan: Awaited<ReturnType<typeof planned>>;
beforeEach(async () => {
  folder = await temporaryFolder('abort-v1');
  server = await startSmallServer();
  const session = server.connect();
  plan = await planned(session);
  await session.close();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

const backup = backupInMemory();
const planned = ({ restore }: ProductSession) =>
  restore.plan({ backup, restore: { target: 'metrics' }, destination: 'old', run: RUN });

const state = () => ({
  version: 1,
  run: RUN,
  shards: Object.fromEntries(plan.steps.map(({ key }) => [String(key['shard']), 1])),
});
const step = () => {
  const [one] = plan.steps;
  if (!one) throw new Error('The plan has no step.');
  return one;
};
const original = () => backup.open(step().lines, { decompress: true });

describe('a restore into an InfluxDB 1 that has fallen silent', () => {
  it.each<[string, SmallServer['silent'], (of: ProductSession) => Promise<unknown>]>([
    ['preflight', 'queries', (of) => of.preflight('restore')],
    ['preflight', 'snapshots', (of) => of.preflight('restore')],
    ['plan', 'queries', planned],
    ['prepare', 'queries', ({ restore }) => restore.prepare(plan, backup)],
    ['prepare', 'snapshots', ({ restore }) => restore.prepare(plan, backup)],
    ['apply', 'snapshots', ({ restore }) => restore.apply(step(), state(), original)],
    ['prove', 'snapshots', ({ restore }) => restore.prove(step(), state(), original, folder.path)],
    ['finish', 'queries', ({ restore }) => restore.finish(plan, state())],
    ['undo', 'queries', ({ restore }) => restore.undo(plan, false)],
  ])('%s ends within a second of the signal (silent: %s)', async (_, silent, method) => {
    const stop = new AbortController();
    const session = server.connect(stop.signal);
    server.silent = silent;
    const settled = method(session).then(
      () => 'done',
      (error: unknown) => error,
    );
    expect(await Promise.race([settled, sleep(300, 'held')])).toBe('held');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
    expect(await settled).toBe(reason);
    await session.close();
  });
});
