import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../activities/config/config.ts';
import { checkTargets } from '../../client/doctor/check-targets.ts';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { policiesIn, without } from '../support/policies.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { HASTE } from '../workflows/world.ts';
import {
  contentsOf,
  enterpriseWorld,
  type EnterpriseWorld,
  linesOf,
} from './influxdb-3-enterprise.ts';

const README = 'activities/products/influxdb-3-enterprise/README.md';
const policy = policiesIn(README)[0]!;
const OWN_KEY = 'key-of-holdfast';

let s3: S3Simulator;
let world: EnterpriseWorld;
let holdfast: Holdfast;
let store: TemporaryFolder;

beforeAll(async () => {
  s3 = await startS3Simulator({ bucket: 'metrics-eu' });
  const place = { type: 's3', endpoint: s3.url, bucket: s3.bucketName } as const;
  world = await enterpriseWorld({
    clusterId: 'metrics-eu',
    storage: { ...place, accessKeyId: 'key-of-the-cluster', secretAccessKey: 's' },
  });
  world.simulator.cluster.write('telemetry', linesOf('one', 60));
  store = await temporaryFolder('store');
  Object.assign(process.env, { TEST_POLICY_KEY: OWN_KEY, TEST_POLICY_SECRET: 's' });
  const credentials = {
    accessKeyId: { env: 'TEST_POLICY_KEY' },
    secretAccessKey: { env: 'TEST_POLICY_SECRET' },
  };
  const storage = { ...place, region: 'us-east-1', credentials };
  holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    config: {
      stores: { disk: { type: 'directory', path: store.path } },
      targets: {
        metrics: {
          product: 'influxdb-3-enterprise',
          connection: { ...world.connection(), storage },
          store: 'disk',
          timeouts: HASTE,
          safetyBackup: false,
        },
      },
    },
  });
});
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await world?.[Symbol.asyncDispose]();
  await s3?.close();
});
afterEach(() => s3.allowOnly(OWN_KEY, undefined));

test('doctor tells what a restore from the copy may not do, and nothing of the policy of the README', async () => {
  const config = await loadConfig({ path: holdfast.configPath, env: process.env });
  const levels = async () => (await checkTargets(config)).map(({ level }) => level);
  s3.allowOnly(OWN_KEY, policy);
  expect(await levels()).toEqual(['ok']);
  s3.allowOnly(OWN_KEY, without(policy, 's3:PutObject'));
  expect(await levels()).toEqual(['ok', 'note']);
});

test.each([
  ['the policy of the README', policy],
  ['it without the list of open uploads', without(policy, 's3:ListBucketMultipartUploads')],
])('under %s, a backup whose objects are lost comes back from the copy', async (_, allowed) => {
  s3.allowOnly(OWN_KEY, allowed);
  const { backup } = await holdfast.run('backup', { target: 'metrics' });
  await holdfast.client.workflow.getHandle(`copy/metrics/${backup}`).result();
  const original = contentsOf(world.simulator, 'telemetry');
  const below = world.simulator.cluster.prefix(backup);
  const written = s3.bucket.listed(below).map(([key]) => key);
  expect(written.length).toBeGreaterThan(0);
  for (const key of written) s3.bucket.remove(key);
  world.simulator.cluster.write('telemetry', linesOf('two', 6));

  const report = await holdfast.run('restore', { target: 'metrics', backup, confirm: 'metrics' });
  expect(report.proof).toMatchObject({ equivalent: 0 });
  expect(report.warnings.map(({ code }) => code)).not.toContain('LEFTOVERS');
  expect(contentsOf(world.simulator, 'telemetry')).toEqual(original);
  expect(s3.bucket.listed(below)).toEqual([]);
});
