import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { countPoints, writeLines } from '../support/influx.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const [TOKEN, OTHER] = ['HOLDFAST_TEST_UNSAID_TOKEN', 'HOLDFAST_TEST_UNSAID_OTHER_TOKEN'];
process.env[TOKEN] = 'operator-token';
process.env[OTHER] = 'other';

let server: InfluxSimulator;
let session: ProductSession;
let run: BackupRun;

beforeEach(async () => {
  server = await startInfluxSimulator({ generate: [{ shards: 1, shardBytes: 20_000 }] });
  session = connectTo(subject, { url: server.url, token: { env: TOKEN } });
  run = await backupRun('influxdb-v2');
});
afterEach(async () => {
  await session.close();
  await run[Symbol.asyncDispose]();
  await server.stop();
});

async function pointsOf(backup: BackupReader, name: string): Promise<Record<string, number>> {
  const request = { select: { buckets: ['telemetry'] }, rename: { telemetry: name } };
  await (await restoreRun(session, backup, request, await run.spool())).complete();
  return countPoints(server, name);
}

describe('a server that does not say what it did', () => {
  test('leaves out of a backup what it cannot flush, and the next one has it', async () => {
    await using later = await backupRun('influxdb-v2');
    await writeLines(server, 'telemetry', ['late v=1 1700000000', 'late v=2 1700000001']);
    server.switches.snapshotBusy = true;
    const lacking = await run.take(session);
    server.calm();
    const whole = await later.take(session);
    expect(await pointsOf(lacking, 'lacking')).not.toHaveProperty('late v');
    expect(await pointsOf(whole, 'whole')).toHaveProperty('late v', 2);
  });

  test('replaces its metadata and calls it an error, which the next attempt mends', async () => {
    await using target = await startInfluxSimulator({ setup: { token: 'other' } });
    const backup = await run.take(session);
    const connection = { url: target.url, token: { env: OTHER } };
    const source = { target: 'source', connection: { url: server.url, token: { env: TOKEN } } };
    const into = connectTo(subject, connection, { source });
    const restoring = await restoreRun(into, backup, {}, await run.spool());
    target.switches.kvWithoutOperator = 1;
    expect((await failureOf(restoring.prepare())).code).toBe('TARGET_ERROR');
    expect((await restoring.complete()).restored).toEqual(['acme/telemetry']);
    await into.close();
  });
});
