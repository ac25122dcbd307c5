import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSmallServer, type SmallServer } from '../influxdb-v1/small-server.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { contentsBelow } from '../support/files-below.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';
import { commandLines, placesOf, readable, readRuns } from './anybody-reads.ts';
import { ending, until } from './following.ts';
import { HASTE, setStage, type Stage } from './stage.ts';

const TOKEN = 'token-of-the-api-Vb62n';
const PASSWORD = 'password+of/the:service-Jd94s';
/** What the configuration says in its place, and the host does not take. */
const OTHER = 'another-password-Tg05w';
const V1_PASSWORD = 'password-of-the-administrator-Rx28k';

let program: WorkerProgram;
let stage: Stage;
let worker: WorkerProcess;
let aiven: AivenSimulator;
let old: SmallServer;
/** What anybody could read, by where it was found. */
const seen = new Map<string, string>();

beforeAll(async () => {
  Object.assign(process.env, {
    FAULTS_AIVEN_TOKEN: TOKEN,
    FAULTS_AIVEN_OTHER: OTHER,
    FAULTS_V1_PASSWORD: V1_PASSWORD,
    FAULTS_V1_OTHER: OTHER,
  });
  program = await workerProgram();
  stage = await setStage({ shards: 1, program });
  aiven = await startAivenSimulator({
    account: { token: TOKEN, password: PASSWORD },
    switches: { pendingPolls: 0 },
  });
  old = await startSmallServer();
  old.user = { username: 'admin', password: V1_PASSWORD };
  await configure();
  worker = await stage.worker({ logLevel: 'TRACE' });
  await use();
  await look();
}, 300_000);
afterAll(async () => {
  await stage?.stop();
  await aiven?.stop();
  await old?.[Symbol.asyncDispose]();
  await program?.remove();
});

async function configure(hosted: object = {}, v1: object = {}): Promise<void> {
  const common = {
    store: 'disk',
    timeouts: { ...HASTE, heartbeat: '10s', attempts: 1 },
    safetyBackup: false,
  };
  const { project, service } = aiven.account;
  const token = { env: 'FAULTS_AIVEN_TOKEN' };
  const password = { env: 'FAULTS_V1_PASSWORD' };
  const { url, snapshot } = old;
  Object.assign(stage.config.targets, {
    hosted: {
      ...common,
      product: 'aiven-influxdb',
      connection: { project, service, token, apiUrl: aiven.url, ...hosted },
    },
    old: {
      ...common,
      product: 'influxdb-v1',
      connection: { url, snapshot, username: 'admin', password, ...v1 },
    },
  });
  await stage.reconfigure();
}

/** Runs that go well, and runs that fail in all the places where a secret is used. */
async function use(): Promise<void> {
  const backUp = () => stage.holdfast.start('backup', { target: 'hosted' });
  const codeOf = async (run: ReturnType<typeof backUp>) => (await ending(await run)).code;
  aiven.switches.bytesPerSecond = 100_000;
  const backup = await backUp();
  await until('it downloads', () => aiven.requests.some(({ host }) => host === 'download'));
  seen.set('command lines', await commandLines());
  aiven.calm();
  expect((await ending(backup)).status).toBe('COMPLETED');

  aiven.switches.unauthorized = true;
  expect(await codeOf(backUp())).toBe('AUTH_REJECTED');
  aiven.calm();
  aiven.switches.connectionLost = true;
  expect(await codeOf(backUp())).toBe('TARGET_UNREACHABLE');
  aiven.calm();
  // The download host: nobody listens there, and nobody knows it.
  aiven.switches.uriHost = '127.0.0.2';
  expect(await codeOf(backUp())).toBe('TARGET_UNREACHABLE');
  aiven.switches.uriHost = 'metrics.invalid';
  expect(await codeOf(backUp())).toMatch(/^(HOST_UNKNOWN|TARGET_UNREACHABLE)$/);
  aiven.calm();
  aiven.switches.damage = 'bad gzip';
  expect(await codeOf(backUp())).toBe('SOURCE_GARBLED');
  aiven.calm();
  await configure({ password: { env: 'FAULTS_AIVEN_OTHER' } });
  expect(await codeOf(backUp())).toBe('AUTH_REJECTED');
  await configure({ password: { env: 'FAULTS_NO_SUCH_VARIABLE' } });
  expect(await codeOf(backUp())).toBe('SECRET_MISSING');

  await configure();
  const restore = () => stage.holdfast.start('restore', { target: 'hosted', into: 'old' });
  // It lets the administrator in, and makes no database.
  expect(await codeOf(restore())).toBe('TARGET_REFUSED');
  await configure({}, { password: { env: 'FAULTS_V1_OTHER' } });
  expect(await codeOf(restore())).toBe('AUTH_REJECTED');
  await configure({}, { url: 'http://127.0.0.2:1' });
  expect(await codeOf(restore())).toBe('TARGET_UNREACHABLE');
}

async function look(): Promise<void> {
  for (const [place, text] of await readRuns(stage.holdfast.client)) seen.set(place, text);
  seen.set('log of the worker', worker.output());
  for (const [name, folder] of [
    ['disk', stage.disk],
    ['spool', stage.spool],
  ] as const) {
    for (const [file, bytes] of await contentsBelow(folder)) {
      seen.set(`${name} ${file}`, readable(bytes));
    }
  }
}

describe('whatever went well or wrong with Aiven for InfluxDB and InfluxDB 1,', () => {
  test.each([
    ['the token of the API', TOKEN],
    ['the password in the address of downloads', PASSWORD],
    ['the same, as it is sent', `avnadmin:${PASSWORD}`],
    ['a password that is not taken', OTHER],
    ['the same, as it is sent for a download', `avnadmin:${OTHER}`],
    ['the same, as it is sent to a server', `admin:${OTHER}`],
    ['the password of an administrator', V1_PASSWORD],
    ['the same, as it is sent to the server', `admin:${V1_PASSWORD}`],
  ])('%s stands in no history, log, command line, manifest or object', (_, secret) => {
    expect(placesOf(secret, seen)).toEqual([]);
  });

  test.each([
    [/^history of backup/, 'references', 'FAULTS_AIVEN_TOKEN'],
    [/^history of backup/, 'what the download host said', 'HTTP 401'],
    [/^history of backup/, 'which host nobody knows', 'metrics.invalid'],
    [/^history of restore/, 'references', 'FAULTS_V1_PASSWORD'],
    [/^history of restore/, 'what the server said', 'authorization failed'],
    [/^page/, 'the page of a run', 'hosted'],
    [/^log/, 'the log', 'transferPage'],
    [/^command lines/, 'the worker', 'worker.cjs'],
    [/^disk .*backup\.json$/, 'a manifest', '"hosted"'],
    [/^disk .*\.meta$/, 'the metadata', 'telemetry'],
  ])('the looking really looked: in %s is %s', (place, _, known) => {
    const found = [...seen].filter(([name, text]) => place.test(name) && text.includes(known));
    expect(found.length).toBeGreaterThan(0);
  });
});
