import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLimitingProxy } from '../support/limiting-proxy.ts';
import { connect, planRestore, restore, takeBackup } from './adapter.ts';
import { first, points, startInfluxd, TOKEN, type InfluxServer } from './influxd.ts';

interface Bound {
  replications: { name: string; localBucketID: string }[];
  configurations: { name: string; type: string; url: string; bucketID: string }[];
}

let server: InfluxServer;
let remote: InfluxServer;
let bucket: string;
beforeAll(async () => {
  remote = await startInfluxd();
  server = await startInfluxd();
  bucket = await server.createBucket('telemetry');
  await server.write('telemetry', points(1));
  const { orgID } = server;
  const { id: remoteID } = await server.api('POST', '/api/v2/remotes', {
    name: 'r',
    orgID,
    remoteURL: remote.url,
    remoteAPIToken: TOKEN,
    remoteOrgID: remote.orgID,
    allowInsecureTLS: false,
  });
  const remoteBucketID = await remote.createBucket('there');
  const replication = { name: 'rep', orgID, remoteID, localBucketID: bucket, remoteBucketID };
  await server.api('POST', '/api/v2/replications', replication);
  const scraper = { name: 'sc', type: 'prometheus', url: 'http://127.0.0.1:1', orgID };
  await server.api('POST', '/api/v2/scrapers', { ...scraper, bucketID: bucket });
});
afterAll(async () => {
  await server?.stop();
  await remote?.stop();
});

const ask = async (path: string) => (await server.api('GET', path)) as unknown as Bound;

describe('replications and scrapers of a real influxd', () => {
  it('of which those of a whole restore need a restart, and block no further one', async () => {
    await using taken = await takeBackup(connect(server.url).backup);
    await using target = await startInfluxd();
    const { warnings } = await restore(connect(target.url), taken, {});
    expect(warnings).toMatchObject([
      { code: 'TASKS_NEED_RESTART', message: expect.stringContaining('replications') as string },
    ]);
    const { restored, plan } = await restore(connect(target.url), taken, {});
    expect(plan.summary.replaces).toContain('replications');
    expect(restored.toSorted()).toEqual(['acme/first', 'acme/telemetry']);
  });

  it('of a bucket that is replaced are moved, or named', async () => {
    await using taken = await takeBackup(connect(server.url).backup);
    const request = { select: { buckets: ['telemetry'] }, onConflict: 'replace' as const };
    const { plan, warnings } = await restore(connect(server.url), taken, request, 'run8');
    const bound = plan.summary.bound.join();
    expect(bound).toMatch(/replication "rep" .*make a new one.*scraper "sc" .*moved/);
    expect(warnings).toMatchObject([
      { code: 'REPLACED_KEPT', message: expect.stringContaining('replication "rep"') as string },
    ]);
    const { id } = first((await server.api('GET', '/api/v2/buckets?name=telemetry')).buckets);
    expect(id).not.toBe(bucket);
    expect((await ask('/api/v2/scrapers')).configurations).toMatchObject([
      { name: 'sc', type: 'prometheus', url: 'http://127.0.0.1:1', bucketID: id },
    ]);
    const { replications } = await ask(`/api/v2/replications?orgID=${server.orgID}`);
    expect(replications).toMatchObject([{ name: 'rep', localBucketID: bucket }]);
  });
});

it('a real influxd refuses an upload that is only announced, and is as it was; a proxy with a limit is found out', async () => {
  await using taken = await takeBackup(connect(server.url).backup);
  await using target = await startInfluxd();
  await planRestore(connect(target.url), taken, {});
  await using proxy = await startLimitingProxy(target.url, 1000);
  await expect(planRestore(connect(proxy.url), taken, {})).rejects.toMatchObject({
    code: 'TARGET_REFUSED',
    hint: expect.stringContaining('client_max_body_size') as string,
  });
  expect(await target.bucketNames()).toEqual(['first']);
});
