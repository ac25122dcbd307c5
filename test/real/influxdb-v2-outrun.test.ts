import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDeleted, parseBuckets } from '../../activities/products/influxdb-v2/buckets.ts';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import { countPoints } from '../support/influx.ts';
import { officialBackup } from '../support/official-backup.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { connect, restore, takeBackup, type Taken } from './adapter.ts';
import { BEGIN, HOUR, points, startInfluxd, TOKEN, type InfluxServer } from './influxd.ts';

/** Of the metadata, so that sending them takes a while. */
const BALLAST = 30;

/** A client that writes into an hour without a shard group, again and again, until it is told to stop. */
function backfill(
  server: InfluxServer,
  bucket: string,
  measurement: string,
  from = 1,
): AsyncDisposable & { stop(): Promise<void> } {
  const told = new AbortController();
  const writing = (async () => {
    for (let hour = from; !told.signal.aborted; hour += 1) {
      const line = `${measurement} v=${hour} ${BEGIN - hour * HOUR}`;
      await server.write(bucket, [line]).catch(() => undefined);
    }
  })();
  const stop = async () => {
    told.abort();
    await writing;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

describe('a real influxd that is written to while it sends its metadata', () => {
  let source: InfluxServer;
  let target: InfluxServer;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    source = await startInfluxd();
    target = await startInfluxd();
    folder = await temporaryFolder('outrun');
    const { orgID } = source;
    for (let i = 0; i < BALLAST; i += 1) {
      const values = [`${i}`.padEnd(1 << 20, 'ballast ')];
      const variable = { orgID, name: `v${i}`, arguments: { type: 'constant', values } };
      await source.api('POST', '/api/v2/variables', variable);
    }
    await source.createBucket('hourly');
    await source.write('hourly', points(2));
  });
  afterAll(async () => {
    await folder?.remove();
    await source?.stop();
    await target?.stop();
  });

  /** While clients of the destination write as well. */
  const restored = async (taken: Taken) => {
    await using client = backfill(target, 'first', 'client');
    const done = await restore(connect(target.url), taken, {});
    await client.stop();
    const { plan, proofs, restored: buckets, warnings } = done;
    expect(buckets).toContain('acme/hourly');
    const results = new Set(proofs.map(({ result }) => result));
    expect(results.has('different')).toBe(false);
    const theirs = await countPoints({ url: target.url, token: TOKEN, org: 'acme' }, 'first');
    for (const series of Object.keys(theirs)) expect(series).toMatch(/^client/);
    return { steps: plan.steps.length, proofs: proofs.length, warnings };
  };

  it('is restored with every shard that its backup holds', async () => {
    await using client = backfill(source, 'hourly', 'late');
    await using taken = await takeBackup(connect(source.url).backup, () => client.stop());
    const { steps, proofs, warnings } = await restored(taken);
    expect(proofs).toBe(steps);
    expect(warnings).toEqual([]);
  });

  it('is restored from what the official tool would have taken, without what came too late', async () => {
    await using client = backfill(source, 'hourly', 'later', 10_000);
    await officialBackup({ url: source.url, token: TOKEN }, folder.path);
    await client.stop();
    await using taken = await takeBackup(await openBackupDirectory(folder.path));
    const { steps, proofs, warnings } = await restored(taken);
    expect(warnings.length > 0).toBe(proofs < steps);
  });
});

it('a real influxd goes on to name a group that its retention removed, as deleted', async () => {
  await using server = await startInfluxd({ flags: ['--storage-retention-check-interval=1s'] });
  const id = await server.createBucket('expired');
  await server.write('expired', points(2));
  const groups = async () => {
    const { url } = server;
    const headers = { authorization: `Token ${TOKEN}` };
    const answer = await fetch(`${url}/api/v2/backup/metadata`, { headers });
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    const [list = ''] = /^\[\{"organizationID".*$/m.exec(text) ?? [];
    const bucket = parseBuckets(list, url).find(({ bucketID }) => bucketID === id);
    return bucket?.retentionPolicies[0]?.shardGroups ?? [];
  };
  expect((await groups()).filter(isDeleted)).toHaveLength(0);
  const retentionRules = [{ type: 'expire', everySeconds: HOUR }];
  await server.api('PATCH', `/api/v2/buckets/${id}`, { retentionRules });
  await expect.poll(async () => (await groups()).filter(isDeleted).length).toBe(2);
  expect(await groups()).toHaveLength(2);
});
