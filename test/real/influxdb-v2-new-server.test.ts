import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countPoints } from '../support/influx.ts';
import { startInfluxd as startServer } from '../support/influxd.ts';
import { connect, planRestore, restore, secret, takeBackup, type Taken } from './adapter.ts';
import { influx, points, startInfluxd } from './influxd.ts';

const OLD = 'of-the-lost-server';

describe('a restore onto a new server, when the old one is lost', () => {
  let taken: Taken;
  let allAccess: string;

  beforeAll(async () => {
    await using lost = await startInfluxd({ token: OLD });
    await lost.createBucket('telemetry');
    await lost.write('telemetry', points(4));
    const made = await influx(
      lost,
      ['auth', 'create', '--all-access', '--org', 'acme', '--json'],
      OLD,
    );
    allAccess = (JSON.parse(made) as { token: string }).token;
    taken = await takeBackup(connect(lost.url, { token: OLD }).backup);
  });
  afterAll(() => taken?.[Symbol.asyncDispose]());

  const setUpWith = (server: { url: string }, token: string) => {
    const answers = '--username admin --password a-password --org new --bucket new --force';
    return influx(server, ['setup', ...answers.split(' ')], token);
  };

  it('says that it is to be set up, and needs nothing else once it was with the old token', async () => {
    await using server = await startServer({ setUp: false });
    const { url } = server;
    const open = () => connect(url, { token: OLD });
    await expect(open().preflight('restore')).rejects.toMatchObject({
      code: 'AUTH_REJECTED',
      message: expect.stringContaining('has not been set up yet'),
      hint: expect.stringContaining('`influx setup --token <token>`'),
    });
    await setUpWith(server, OLD);
    const { plan, proofs, restored } = await restore(open(), taken, {});
    expect(plan.summary.destructive).toBe(false);
    expect(proofs.map(({ result }) => result)).toEqual(Array(4).fill('identical'));
    expect(restored).toContain('acme/telemetry');
    const counts = await countPoints({ url, token: OLD, org: 'acme' }, 'telemetry');
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(24);
  });

  it('brings all buckets back where the old token is lost too', async () => {
    await using server = await startServer({ setUp: false });
    await setUpWith(server, 'of-the-new-server');
    const token = 'of-the-new-server';
    const open = () => connect(server.url, { token });
    await expect(planRestore(open(), taken, {})).rejects.toMatchObject({
      code: 'TOKEN_AFTER_RESTORE',
      hint: expect.stringContaining('`--on-conflict fail` brings back all of them'),
    });
    // The backup knows it, and nobody could upload a shard with it once the operator's is gone.
    const connection = { tokenAfterRestore: { env: secret(allAccess) } };
    const lesser = connect(server.url, { token, connection });
    await expect(planRestore(lesser, taken, {})).rejects.toMatchObject({
      code: 'TOKEN_AFTER_RESTORE',
      message: expect.stringContaining("is an operator's (the token of target suite, tokenAfter"),
    });
    const { proofs, restored } = await restore(open(), taken, { onConflict: 'fail' });
    expect(proofs.map(({ result }) => result)).toEqual(Array(4).fill('identical'));
    expect(restored).toContain('acme/telemetry');
  });
});
