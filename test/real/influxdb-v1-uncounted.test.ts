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
  session = influxdbV1.connect({
    target: 'old-influx',
    connection: influxdbV1.connection.parse({ url: server.url, snapshot: server.snapshot }),
    concurrency: 4,
    stallMs: 10_000,
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  await source?.stop();
  await folder?.remove();
});

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

async function restored(database: string, backup: BackupReader) {
  const planned = await session.restore.plan({
    backup,
    restore: { target: 'aiven', select: { databases: [database] } },
    destination: 'old-influx',
    run: 'run1',
  });
  const [step] = planned.steps;
  const state = await session.restore.prepare(planned, backup);
  const original = () => backup.open(step!.lines, { decompress: true });
  await session.restore.apply(step!, state, original);
  const prove = (where = {}) =>
    session.restore.prove(
      { ...step!, key: { ...step!.key, ...where } },
      state,
      original,
      join(folder.path, 'spool'),
    );
  return { planned, state, prove };
}

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
