import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const OLD = { env: 'HOLDFAST_TEST_TOKENS_SOURCE' };
const OWN = { env: 'HOLDFAST_TEST_TOKENS_OWN' };
process.env[OLD.env] = 'token-of-the-source';
process.env[OWN.env] = 'token-of-the-destination';

let source: InfluxSimulator;
let target: InfluxSimulator;
let run: BackupRun;
let backup: BackupReader;
const sessions: ProductSession[] = [];

/** The destination, with what its own configuration says. */
function destination({ connection = {}, withSource = true } = {}): ProductSession {
  const from = { target: 'metrics', connection: { url: source.url, token: OLD } };
  const session = connectTo(
    subject,
    { url: target.url, token: OWN, ...connection },
    withSource ? { source: from } : {},
  );
  sessions.push(session);
  return session;
}

beforeEach(async () => {
  source = await startInfluxSimulator({
    setup: { token: 'token-of-the-source' },
    generate: [{ shards: 1, shardBytes: 20_000 }],
  });
  target = await startInfluxSimulator({ setup: { token: 'token-of-the-destination' } });
  run = await backupRun('influxdb-v2');
  const from = connectTo(subject, { url: source.url, token: OLD });
  sessions.push(from);
  backup = await run.take(from);
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await run[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const changed = (warnings: { code: string; message: string }[]) =>
  warnings.filter(({ code }) => code === 'TOKEN_CHANGED').map(({ message }) => message);
const whole = async (session: ProductSession) => restoreRun(session, backup, {}, await run.spool());

describe('a server that a whole restore gave the tokens of another one', () => {
  test('is told so, also a fresh one, before, at the end, and when it is undone', async () => {
    const restoring = await whole(destination());
    const { destructive, bound, warnings } = restoring.plan.summary;
    expect(destructive).toBe(false);
    expect(bound).toEqual(expect.arrayContaining([expect.stringContaining('every token of')]));
    expect(changed(warnings)).toEqual([
      expect.stringContaining('takes the token of target metrics after this restore'),
    ]);
    const finished = await restoring.complete();
    expect(changed(finished.warnings as { code: string; message: string }[])).toEqual([
      expect.stringContaining('takes the token of target metrics now'),
    ]);
    expect((await restoring.undo()).lost).toEqual([
      expect.stringContaining('takes the token of target metrics'),
    ]);
  });

  test('is backed up with the one that `tokenAfterRestore` names', async () => {
    await (await whole(destination())).complete();
    const alone = destination({ withSource: false });
    expect(await failureOf(alone.preflight('backup'))).toMatchObject({
      code: 'AUTH_REJECTED',
      hint: expect.stringContaining('tokenAfterRestore') as string,
    });
    const knowing = destination({ connection: { tokenAfterRestore: OLD }, withSource: false });
    await knowing.preflight('backup');
    expect(await knowing.leftovers?.find()).toEqual([]);
    const later = await backupRun('influxdb-v2');
    expect((await later.take(knowing)).manifest.target).toBeDefined();
    await later[Symbol.asyncDispose]();
  });

  test('is no news where its configuration names that token', async () => {
    const restoring = await whole(destination({ connection: { tokenAfterRestore: OLD } }));
    expect(changed(restoring.plan.summary.warnings)).toEqual([]);
    const { warnings } = await restoring.complete();
    expect(warnings.map(({ code }) => code)).not.toContain('TOKEN_CHANGED');
  });
});

describe('a server that was only just installed', () => {
  beforeEach(async () => {
    await target.stop();
    target = await startInfluxSimulator({ setup: false });
  });

  test('is said not to have been set up, and how it is, before anything else is tried', async () => {
    const failure = await failureOf(destination().preflight('restore'));
    expect(failure).toMatchObject({
      code: 'AUTH_REJECTED',
      message: expect.stringMatching(/ has not been set up yet, so it knows no token/) as string,
      hint: expect.stringContaining('`influx setup --token <token>`') as string,
    });
    expect(await failureOf(whole(destination()))).toMatchObject({ message: failure.message });
  });
});

test('a token that no restored server would know is named once, and the way out with it', async () => {
  const from = { target: 'suite', connection: { url: source.url, token: OWN } };
  const session = connectTo(subject, { url: target.url, token: OWN }, { source: from });
  sessions.push(session);
  expect(await failureOf(whole(session))).toMatchObject({
    code: 'TOKEN_AFTER_RESTORE',
    message: expect.stringContaining('(the token of target suite), and') as string,
    hint: expect.stringContaining('restore by buckets') as string,
  });
});
