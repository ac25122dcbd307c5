import { expect, test } from 'vitest';
import { connectionSchema } from '../../activities/products/weaviate/config.ts';
import { knownDefects } from '../../activities/products/weaviate/known-defects.ts';
import { readVersion } from '../../activities/products/weaviate/version.ts';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { backupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const TOKEN = 'HOLDFAST_TEST_VERSIONS_TOKEN';
process.env[TOKEN] = 'operator-token';

const codesOf = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

test.each([
  ['2.9.1', false],
  ['nightly', true],
] as const)(
  'a preflight of InfluxDB %s says whether it knows that version',
  async (version, is) => {
    await using server = await startInfluxSimulator({ version });
    const session = connectTo(subject, { url: server.url, token: { env: TOKEN } });
    const { warnings } = await session.preflight('backup');
    expect(codesOf(warnings).includes('VERSION_UNKNOWN')).toBe(is);
    await session.close();
  },
);

test.each([
  ['2.8.0', ['DESTINATION_OLDER']],
  ['2.9.1', []],
] as const)(
  'a plan for a whole InfluxDB %s says whether it is older than the backup',
  async (version, told) => {
    await using source = await startInfluxSimulator({
      generate: [{ shards: 1, shardBytes: 20_000 }],
    });
    await using target = await startInfluxSimulator({ version });
    await using run = await backupRun('influxdb-v2');
    const session = connectTo(subject, { url: source.url, token: { env: TOKEN } });
    const into = connectTo(subject, { url: target.url, token: { env: TOKEN } });
    const backup = await run.take(session);
    backup.manifest.product.version = '2.9.1';
    const { plan } = await restoreRun(into, backup, {}, await run.spool());
    expect(codesOf(plan.summary.warnings).filter((code) => code === 'DESTINATION_OLDER')).toEqual(
      told,
    );
    await session.close();
    await into.close();
  },
);

test.each([
  ['1.39.2', false],
  ['1.41.0', true],
])('a preflight of Weaviate %s says whether it knows that version', (version, is) => {
  const warnings = knownDefects({
    version: readVersion(version),
    purpose: 'backup',
    connection: connectionSchema.parse({
      url: 'http://127.0.0.1:8080',
      storage: { type: 'directory', path: '/backups' },
    }),
    multiTenant: false,
    nodes: 1,
  });
  expect(codesOf(warnings).includes('VERSION_UNKNOWN')).toBe(is);
});
