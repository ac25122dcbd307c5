import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentsBelow } from '../support/files-below.ts';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { commandLines, placesOf, readable, readRuns } from './anybody-reads.ts';
import { ending, until } from './following.ts';
import { HASTE, SECRETS, setStage, type Stage } from './stage.ts';

let program: WorkerProgram;
let stage: Stage;
let worker: WorkerProcess;
let identity: string;
/** What anybody could read, by where it was found. */
const seen = new Map<string, string>();

const BUCKET = { into: 'spare', select: { buckets: ['telemetry'] } };

beforeAll(async () => {
  identity = await generateIdentity();
  process.env['FAULTS_IDENTITY'] = identity;
  program = await workerProgram();
  stage = await setStage({ shards: 12, program });
  const { targets } = stage.config;
  const encryption = {
    recipients: [await identityToRecipient(identity)],
    identity: { env: 'FAULTS_IDENTITY' },
  };
  const timeouts = { ...HASTE, heartbeat: '10s', attempts: 3 };
  for (const name of ['metrics', 'remote']) targets[name] = { ...targets[name], timeouts };
  targets['sealed'] = { ...targets['remote'], encryption };
  await stage.reconfigure();
  worker = await stage.worker({ logLevel: 'TRACE' });
  await use();
  await look();
}, 300_000);
afterAll(async () => {
  await stage?.stop();
  await program?.remove();
});

/** Runs that go well, and runs that fail in all the places where a secret is used. */
async function use(): Promise<void> {
  const { holdfast, source, s3 } = stage;
  const run = async (operation: 'backup' | 'restore' | 'verify', input: object) =>
    ending(await holdfast.start(operation, input as { target: string }));
  for (const target of ['metrics', 'sealed']) {
    source.switches.bytesPerSecond = 20_000;
    const backup = await holdfast.start('backup', { target });
    await until('it streams', () => source.requests.some(({ path }) => path.includes('shards')));
    seen.set(`command lines during ${target}`, await commandLines());
    source.calm();
    expect((await ending(backup)).status).toBe('COMPLETED');
    expect((await run('verify', { target, depth: 'deep' })).report).toMatchObject({ ok: true });
    const rename = { 'acme/': 'other', telemetry: target };
    expect((await run('restore', { target, ...BUCKET, rename })).status).toBe('COMPLETED');
  }
  source.switches.tokenRevoked = true;
  expect((await run('backup', { target: 'sealed' })).code).toBe('AUTH_REJECTED');
  source.calm();
  source.switches.connectionLost = true;
  expect((await run('backup', { target: 'metrics' })).code).toBe('TARGET_UNREACHABLE');
  source.calm();
  source.switches.shardGarbled = true;
  expect((await run('backup', { target: 'sealed' })).code).toBe('SOURCE_GARBLED');
  source.calm();
  s3.acceptKeys(['another']);
  expect((await run('backup', { target: 'sealed' })).code).toBe('STORE_DENIED');
  s3.acceptKeys(undefined);
  const { sealed } = stage.config.targets;
  const recipients = [await identityToRecipient(identity)];
  stage.config.targets['sealed'] = { ...sealed, encryption: { recipients } };
  await stage.reconfigure();
  const closed = await run('restore', {
    target: 'sealed',
    ...BUCKET,
    rename: { 'acme/': 'other' },
  });
  expect(closed.code).toBe('IDENTITY_MISSING');
  stage.config.targets['sealed'] = {
    ...sealed,
    connection: { url: source.url, token: { env: 'FAULTS_NO_SUCH_VARIABLE' } },
  };
  await stage.reconfigure();
  expect((await run('backup', { target: 'sealed' })).code).toBe('SECRET_MISSING');
}

async function look(): Promise<void> {
  for (const [place, text] of await readRuns(stage.holdfast.client)) seen.set(place, text);
  seen.set('log of the worker', worker.output());
  seen.set('command lines', await commandLines());
  for (const [file, bytes] of await contentsBelow(stage.disk))
    seen.set(`disk ${file}`, readable(bytes));
  for (const [key, { body }] of stage.s3.bucket.objects) seen.set(`s3 ${key}`, readable(body));
  for (const [file, bytes] of await contentsBelow(stage.spool))
    seen.set(`spool ${file}`, readable(bytes));
}

describe('whatever went well or wrong,', () => {
  test.each([
    ['the token of a source', () => SECRETS.source],
    ['the token of a destination', () => SECRETS.spare],
    ['the secret key of a store', () => SECRETS.s3],
    ['the identity that decrypts', () => identity],
  ])('%s stands in no history, log, command line, manifest or object', (_, secret) => {
    expect(placesOf(secret(), seen)).toEqual([]);
  });

  test.each([
    [/^history/, 'the input', '"metrics"'],
    [/^history/, 'references', 'FAULTS_SOURCE_TOKEN'],
    [/^page/, 'the page of a run', 'sealed'],
    [/^log/, 'the log', 'transferPage'],
    [/^command lines/, 'the worker', 'worker.cjs'],
    [/^disk .*backup\.json$/, 'a manifest', '"metrics"'],
    [/^s3 .*objects\.ndjson\.gz$/, 'a list', 'telemetry'],
    [/^disk .*\.bolt$/, 'hashed tokens', '$influxdb2-sha256$'],
  ])('the looking really looked: in %s is %s', (place, _, known) => {
    const found = [...seen].filter(([name, text]) => place.test(name) && text.includes(known));
    expect(found.length).toBeGreaterThan(0);
  });
});
