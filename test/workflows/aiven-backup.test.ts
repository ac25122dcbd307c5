import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expected } from '../influxdb-v1/portable-backup.ts';
import { startAivenWorld, TOKEN, type AivenWorld } from './aiven-world.ts';
import { causeOf } from './world.ts';

let world: AivenWorld;

beforeAll(async () => {
  world = await startAivenWorld();
});
afterAll(() => world?.stop());
afterEach(() => {
  world.aiven.calm();
  world.aiven.requests.length = 0;
});

const backUp = () => world.holdfast.run('backup', { target: 'metrics' });

describe('a backup of Aiven for InfluxDB', () => {
  test('keeps the files of the tar under their own names, and passes a deep verification', async () => {
    const report = await backUp();
    expect(report).toMatchObject({ state: 'ok', artifacts: expected.members.length });
    expect(report.warnings.map(({ code }) => code)).toEqual([
      'TOMBSTONES_PRESENT',
      'METADATA_UNENCRYPTED',
    ]);
    expect(await world.data(report.backup)).toEqual(expected.members);
    expect((await world.files()).filter((file) => file.includes('/work/'))).toEqual([]);
    const { backup } = report;
    const verified = await world.holdfast.run('verify', {
      target: 'metrics',
      backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test.each([
    {
      what: 'a wrong token',
      prepare: () => (process.env[TOKEN] = 'not-a-token'),
      code: 'AUTH_REJECTED',
      says: 'the API does not know the token',
    },
    {
      what: 'a service that is powered off',
      prepare: () => (world.aiven.switches.state = 'POWEROFF'),
      code: 'TARGET_REFUSED',
      says: 'is powered off',
    },
    {
      what: 'a backup task that always fails',
      prepare: () => (world.aiven.switches.taskFails = true),
      code: 'JOB_FAILED',
      says: 'InfluxDB: backup: shard 7: EOF',
    },
    {
      what: 'a tar that lacks a shard',
      prepare: () => (world.aiven.switches.damage = 'missing shard'),
      code: 'SOURCE_GARBLED',
      says: 's1.tar.gz',
    },
  ])('fails with one sentence because of $what, and keeps nothing', async (failing) => {
    const before = await world.files();
    failing.prepare();
    const failure = await backUp().catch(causeOf);
    process.env[TOKEN] = world.aiven.account.token;

    expect(failure).toMatchObject({ type: failing.code });
    expect(String(failure)).toContain(failing.says);
    for (const secret of [world.aiven.account.password, world.aiven.account.token, 'not-a-token']) {
      expect(String(failure)).not.toContain(secret);
    }
    expect(await world.files()).toEqual(before);
  });
});
