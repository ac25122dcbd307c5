import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import type { Switches } from '../simulators/aiven-influxdb/switches.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { ticksUntil } from '../support/ticks.ts';
import { connectTo, takeBackup } from './take-backup.ts';

/** A second, of which a tick is a tenth. */
const PROMISED_TICKS = 10;
/** Longer than any of these tests. */
const STALL_MS = 120_000;

let aiven: AivenSimulator;
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('abort-aiven');
  aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
});
afterEach(async () => {
  await aiven.stop();
  await folder.remove();
});

const asked = (what: (request: AivenSimulator['requests'][number]) => boolean) => () =>
  aiven.requests.some(what);
const anything = asked(() => true);
const task = asked(({ path }) => path.includes('/task/'));
const download = asked(({ host }) => host === 'download');

describe('a backup of Aiven for InfluxDB', () => {
  it.each<[string, Partial<Switches>, () => boolean]>([
    ['the API is silent', { silent: true }, anything],
    ['the API asks to be left alone', { tooManyRequests: true, tryAgainIn: 300 }, anything],
    ['its task does not end', { taskNeverEnds: true }, task],
    ['the download host does not have it yet', { notReady: true }, download],
    ['the download host is away', { downloadAway: true }, download],
    ['the download falls silent', { downloadStalls: true }, download],
    ['the download creeps', { bytesPerSecond: 100 }, download],
  ])('ends within a second of the signal while %s', async (_, switches, reached) => {
    Object.assign(aiven.switches, switches);
    const stop = new AbortController();
    const session = connectTo(aiven, {}, stop.signal, STALL_MS);
    const settled = takeBackup(session, folder.path).then(
      () => 'done',
      (error: unknown) => error,
    );
    await expect.poll(reached).toBe(true);
    expect(await Promise.race([settled, sleep(300, 'held')])).toBe('held');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
    expect(await settled).toBe(reason);
    await session.close();
  });
});
