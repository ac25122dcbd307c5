import { expect, test } from 'vitest';
import { describeBehaviour } from '../simulators/influxdb-v2/behaviour.ts';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { interview } from '../simulators/influxdb-v2/protocol.ts';
import { callInflux, contentsOf, organisationId, writeLines } from '../support/influx.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';

describeBehaviour('influxd', startInfluxd);

test('real server and simulator answer the same questions with the same words', async () => {
  await using real = await startInfluxd();
  await using simulated = await startInfluxSimulator();
  const truth = await interview(real, await organisationToken(real));
  const claim = await interview(simulated, simulated.orgToken);
  expect(truth.length).toBeGreaterThan(70);
  expect(claim).toEqual(truth);
});

test('the real server takes the shards of the simulator, and every point is there', async () => {
  await using simulated = await startInfluxSimulator();
  await using real = await startInfluxd();
  const lines = Array.from(
    { length: 2500 },
    (_, i) =>
      `m,host=h${i % 3} f=${Math.sin(i)},i=${i * i - 9}i,b=${i % 5 === 0},s="ü ${i}",u=${i}u ${1_700_000_000 + i * (1 + (i % 2))}`,
  );
  await writeLines(simulated, 'telemetry', lines);
  simulated.generate({ bucket: 'generated', shards: 2, shardBytes: 3 << 20 });
  for (const name of ['telemetry', 'generated']) await copy(simulated, real, name);
  expect(await contentsOf(real, 'copy of telemetry')).toEqual(
    await contentsOf(simulated, 'telemetry'),
  );
  expect(await contentsOf(real, 'copy of generated')).toEqual(
    await contentsOf(simulated, 'generated'),
  );
});

async function copy(
  from: Awaited<ReturnType<typeof startInfluxSimulator>>,
  to: Influxd,
  name: string,
): Promise<void> {
  const bucket = from.state.metadata.buckets.find((one) => one.name === name);
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const shardGroups = (bucket?.groups ?? []).map(({ id, start, end, shards }) => ({
    id,
    startTime: at(start),
    endTime: at(end),
    shards: shards.map((shard) => ({ id: shard, shardOwners: [] })),
  }));
  const policy = { name: 'autogen', replicaN: 1, duration: 0, subscriptions: [], shardGroups };
  const answer = await callInflux(to, 'POST', '/api/v2/restore/bucketMetadata', {
    organizationID: await organisationId(to, to.org),
    organizationName: to.org,
    bucketID: bucket?.id,
    bucketName: `copy of ${name}`,
    defaultRetentionPolicy: 'autogen',
    retentionPolicies: [{ ...policy, shardGroupDuration: (bucket?.groupSeconds ?? 0) * 1e9 }],
  });
  const { shardMappings } = answer.json() as { shardMappings: { oldId: number; newId: number }[] };
  expect(shardMappings.length).toBe(shardGroups.length);
  for (const { oldId, newId } of shardMappings) {
    const tar = await fetch(`${from.url}/api/v2/backup/shards/${oldId}`, {
      headers: { authorization: `Token ${from.token}`, 'accept-encoding': 'identity' },
    });
    const body = new Uint8Array(await tar.arrayBuffer());
    const path = `/api/v2/restore/shards/${newId}`;
    expect((await callInflux(to, 'POST', path, body)).status).toBe(200);
  }
}

async function organisationToken(server: Influxd): Promise<string> {
  const orgID = await organisationId(server, server.org);
  const permissions = ['buckets', 'authorizations', 'orgs', 'dbrp'].flatMap((type) =>
    ['read', 'write'].map((action) => ({ action, resource: { type, orgID } })),
  );
  const answer = await callInflux(server, 'POST', '/api/v2/authorizations', {
    orgID,
    description: 'all of one organisation',
    permissions,
  });
  return (answer.json() as { token: string }).token;
}
