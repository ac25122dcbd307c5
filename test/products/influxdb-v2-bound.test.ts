import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProductSession } from '../../activities/products/product.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun, type RestoreRun } from './restore-run.ts';
import { connectTo } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const TOKEN = 'HOLDFAST_TEST_BOUND_TOKEN';
const SCRAPER = { id: '0b', name: 'sc', type: 'prometheus', url: 'http://127.0.0.1:1' };

let server: InfluxSimulator;
let session: ProductSession;
let run: BackupRun;
let old: { id: string; orgID: string };
beforeEach(async () => {
  server = await startInfluxSimulator({ generate: [{ shards: 1, shardBytes: 20_000 }] });
  process.env[TOKEN] = server.token;
  session = connectTo(subject, { url: server.url, token: { env: TOKEN } });
  run = await backupRun('influxdb-v2');
  const found = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
  if (!found) throw new Error('There is no bucket.');
  old = { id: found.id, orgID: found.orgID };
  const { scrapers, replications } = server.state.metadata;
  const { orgID } = old;
  scrapers.push({ ...SCRAPER, allowInsecure: true, orgID, bucketID: old.id });
  scrapers.push({ ...SCRAPER, id: '0c', orgID, bucketID: 'another' });
  // Its bucket was deleted.
  scrapers.push({ ...SCRAPER, id: '0f', orgID });
  replications.push({ id: '0d', name: 'rep', orgID, localBucketID: old.id });
  replications.push({ id: '0e', name: 'other', orgID, localBucketID: 'another' });
});
afterEach(async () => {
  await session.close();
  await run[Symbol.asyncDispose]();
  await server.stop();
});

async function replacing(): Promise<RestoreRun> {
  const backup = await run.take(session);
  const request = { select: { buckets: ['telemetry'] }, onConflict: 'replace' as const };
  return restoreRun(session, backup, request, await run.spool());
}

test('scrapers of a replaced bucket are moved, and its replications are named before them', async () => {
  const restoring = await replacing();
  expect(restoring.plan.summary.bound).toEqual([
    'replication "rep" of acme/telemetry (stays with the replaced bucket; make a new one)',
    'scraper "sc" of acme/telemetry (moved to the restored bucket)',
  ]);
  expect(restoring.plan.summary.leaves).toContainEqual(
    expect.stringMatching(/tokens, dashboards, tasks.* whole server/),
  );
  const { warnings } = await restoring.complete();
  expect(warnings).toMatchObject([
    { code: 'REPLACED_KEPT', message: expect.stringContaining('replication "rep"') as string },
  ]);
  const made = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
  expect(made?.id).not.toBe(old.id);
  const { orgID } = old;
  expect(server.state.metadata.scrapers).toEqual([
    { ...SCRAPER, allowInsecure: true, orgID, bucketID: made?.id },
    { ...SCRAPER, id: '0c', orgID, bucketID: 'another' },
    { ...SCRAPER, id: '0f', orgID },
  ]);
});

test('replications that the server cannot list are no obstacle, and are told', async () => {
  server.state.queuesMissing = true;
  const restoring = await replacing();
  expect(restoring.plan.summary.bound.join()).toContain('cannot list now');
  expect((await restoring.complete()).restored).toEqual(['acme/telemetry']);
});
