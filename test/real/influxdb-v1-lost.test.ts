import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type { ProductSession, RestoreStep } from '../../activities/products/product.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { shardTar, unpack } from '../influxdb-v1/portable-backup.ts';
import { tarArchive, tarHeader } from '../pipeline/tar-archive.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

let folder: TemporaryFolder;
let server: InfluxdV1;
let session: ProductSession;
let step: RestoreStep;
let state: Record<string, unknown>;
beforeAll(async () => {
  folder = await temporaryFolder('lost-v1');
  await mkdir(join(folder.path, 'spool'));
  server = await startInfluxdV1();
  session = influxdbV1.connect({
    target: 'old-influx',
    connection: influxdbV1.connection.parse({ url: server.url, snapshot: server.snapshot }),
    concurrency: 4,
    stallMs: 10_000,
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await session.close();
  await server.stop();
  await folder.remove();
});
beforeEach(async () => {
  await server.query('DROP DATABASE telemetry');
  const plan = await session.restore.plan({
    backup: backupInMemory(),
    restore: { target: 'aiven', select: { databases: ['telemetry'] } },
    destination: 'old-influx',
    run: 'run1',
  });
  state = stored(await session.restore.prepare(stored(plan), backupInMemory()));
  const found = plan.steps.find(({ key }) => key['shard'] === 1);
  if (!found) throw new Error('The plan does not name shard 1.');
  step = found;
});

async function* each(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const prove = () =>
  session.restore.prove(
    step,
    state,
    () => backupInMemory().open(step.lines, { decompress: true }),
    join(folder.path, 'spool'),
  );

describe('a restore into a real InfluxDB 1', () => {
  const files = [...unpack(shardTar(1))].map(([name, body]) => ({ name, body }));

  it.each([0, 1])('is not proven by one of two files with the same series: %i', async (at) => {
    const one = files.filter((_, index) => index === at);
    await session.restore.apply(step, state, () => each(tarArchive(one)));
    expect(await prove()).toEqual({ result: 'different', reason: '1 of 2 files came back' });
    await session.restore.apply(step, state, () => each(tarArchive(files)));
    expect(await prove()).toEqual({ result: 'identical' });
  });

  it('ends when its database is dropped in mid-run', async () => {
    await server.query('DROP DATABASE telemetry');
    const size = 2 ** 32;
    const endless = async function* () {
      yield tarHeader({ name: 'telemetry/raw/1/000000001-000000001.tsm', size });
      for (let sent = 0; sent < size; sent += 65_536) yield Buffer.alloc(65_536);
    };
    await expect(session.restore.apply(step, state, endless)).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
      message: expect.stringMatching(/removed or replaced the database telemetry at InfluxDB at /),
    });
  });
});
