import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const MOST = 5;
const START = 1_699_999_200;

let folder: TemporaryFolder;
let source: InfluxdV1;
let server: InfluxdV1;
let session: ProductSession;
beforeAll(async () => {
  folder = await temporaryFolder('uncounted-v1');
  await mkdir(join(folder.path, 'spool'));
  source = await startInfluxdV1();
  server = await startInfluxdV1({ maxSelectSeries: MOST });
  session = connect(server);
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  await source?.stop();
  await folder?.remove();
});

function connect({ url, snapshot }: InfluxdV1): ProductSession {
  return influxdbV1.connect({
    target: 'old-influx',
    connection: influxdbV1.connection.parse({ url, snapshot }),
    concurrency: 4,
    stallMs: 10_000,
    signal: new AbortController().signal,
  });
}

async function backUp(database: string, lines: string[]): Promise<BackupReader> {
  await source.query(`CREATE DATABASE ${database} WITH DURATION 0s SHARD DURATION 1h NAME rp`);
  await source.write(database, lines);
  const directory = join(folder.path, database);
  await source.backup(directory, database);
  const members = new Map<string, Buffer>();
  for (const name of await readdir(directory)) {
    members.set(name, await readFile(join(directory, name)));
  }
  return backupInMemory(members);
}

async function restored(database: string, backup: BackupReader, to = session) {
  const planned = await to.restore.plan({
    backup,
    restore: { target: 'aiven', select: { databases: [database] } },
    destination: 'old-influx',
    run: 'run1',
  });
  const [step] = planned.steps;
  const state = await to.restore.prepare(planned, backup);
  const original = () => backup.open(step!.lines, { decompress: true });
  await to.restore.apply(step!, state, original);
  const prove = (where = {}) =>
    to.restore.prove(
      { ...step!, key: { ...step!.key, ...where } },
      state,
      original,
      join(folder.path, 'spool'),
    );
  return { planned, state, prove };
}

it.each(['m\\\\', 'm\\\\\\,y'])(
  'says of a measurement that no query finds where it was written either that it came back: %s',
  async (name) => {
    const database = `never${name.length}`;
    const backup = await backUp(database, [...points(name, 2), ...points('counted', 2)]);
    for (const index of ['inmem', 'tsi1'] as const) {
      await using other = await startInfluxdV1({ index });
      const own = connect(other);
      const { prove } = await restored(database, backup, own);
      expect(await prove()).toMatchObject({
        result: 'equivalent',
        warning: { code: 'PROOF_PARTIAL', message: expect.stringMatching(/ a backslash before /) },
      });
      await own.close();
      for (const at of [source, other]) {
        const rows = await at.query('SELECT * FROM /.*/', database);
        expect(rows.map(({ name: found }) => found)).toEqual(['counted', 'counted']);
      }
    }
  },
);

it('proves points of the earliest time, whose shard group begins before what 64 bits hold', async () => {
  const { prove } = await restored('first', await backUp('first', ['m v=1.5 -9223372036']));
  expect(await prove()).toEqual({ result: 'identical' });
  await server.restart();
  const found = 'SELECT v FROM m WHERE time < -9223000000000000000';
  expect(await server.query(found, 'first')).toMatchObject([{ v: 1.5 }]);
});

const points = (measurement: string, series: number) =>
  Array.from({ length: series }, (_, at) => `${measurement},host=h${at} v=${at}.5 ${START + at}`);

it.each([
  ['large', 'too\\ many', 'too many', /max-select-series limit exceeded/],
  ['named', '_name', '_name', /unable to use system source/],
  ['returned', 'a\rb', 'a\rb', /error parsing query/],
])(
  'says what the server does not count of what came back byte for byte: %s',
  async (database, written, measurement, says) => {
    const lines = [...points('counted', MOST), ...points(written, MOST + 1)];
    const { planned, state, prove } = await restored(database, await backUp(database, lines));
    const proof = await prove();
    expect(proof).toEqual({
      result: 'equivalent',
      warning: {
        code: 'PROOF_PARTIAL',
        subject: expect.stringMatching(`^${database}/rp/shard \\d+$`),
        message: expect.stringMatching(says),
      },
    });
    expect(JSON.stringify(proof)).toContain(
      JSON.stringify(`does not count 1 of 2 measurements (${measurement})`).slice(1, -1),
    );
    // What can be counted still is.
    expect(await prove({ end: `${START}000000001` })).toMatchObject({
      result: 'different',
      reason: 'the server finds only 1 of 5 points of counted v',
    });
    await server.query(`DROP DATABASE ${database}`);
    await expect(prove()).resolves.toMatchObject({ result: 'different' });
    expect(await session.restore.undo(planned, false, { state })).toMatchObject({ removed: [] });
  },
);

it.each([
  ['inmem', { old: 0, escaped: 0 }, { old: 3, escaped: 0 }, / no query finds .* until a point /],
  [
    'tsi1',
    { old: 0, escaped: 2 },
    { old: 0, escaped: 2 },
    / other names now, with the backslash \(req\?id\\=5\): ask for them as `"req\?id\\\\=5"`/,
  ],
] as const)(
  'says what becomes of a measurement whose name was written escaped, with the index %s',
  async (index, before, after, says) => {
    const lines = [...points('req?id\\=5', 2), ...points('counted', 2)];
    const backup = await backUp(`escaped_${index}`, lines);
    expect(await source.query('SELECT count(v) FROM "req?id=5"', `escaped_${index}`)).toHaveLength(
      1,
    );
    await using other = await startInfluxdV1({ index });
    const own = connect(other);
    const { prove } = await restored(`escaped_${index}`, backup, own);
    expect(await prove()).toMatchObject({
      result: 'equivalent',
      warning: { code: 'PROOF_PARTIAL', message: expect.stringMatching(says) },
    });
    await own.close();
    const count = async (name: string) => {
      const [row] = await other.query(`SELECT count(v) FROM "${name}"`, `escaped_${index}`);
      return Number(row?.['count'] ?? 0);
    };
    const found = async () => ({
      old: await count('req?id=5'),
      escaped: await count('req?id\\\\=5'),
    });
    expect(await found()).toEqual(before);
    await other.write(`escaped_${index}`, [`req?id\\=5,host=new v=1.5 ${START + 100}`]);
    expect(await found()).toEqual(after);
    await other.restart();
    expect(await found()).toEqual(after);
  },
);
