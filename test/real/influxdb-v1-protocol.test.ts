import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  parseMetadata,
  type RetentionPolicy,
} from '../../activities/pipeline/influxdb-portable/metadata.ts';
import { composeMetadata } from '../../activities/products/influxdb-v1/compose-metadata.ts';
import { renameEntries } from '../../activities/products/influxdb-v1/rename-entries.ts';
import type { SnapshotAddress } from '../../activities/products/influxdb-v1/snapshot-connection.ts';
import {
  downloadMetadata,
  downloadShard,
  updateMetadata,
  uploadShard,
} from '../../activities/products/influxdb-v1/snapshot-protocol.ts';
import { expected, manifest, metadata, shardTar, unpack } from '../influxdb-v1/portable-backup.ts';
import { collect, deferred } from '../pipeline/streams.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { ticksUntil } from '../support/ticks.ts';

const HOUR = 3_600_000_000_000n;
/** A second, of which a tick is a tenth. */
const PROMISED_TICKS = 10;

let server: InfluxdV1;
beforeAll(async () => {
  server = await startInfluxdV1();
});
afterAll(() => server.stop());

function address(signal = new AbortController().signal): SnapshotAddress {
  const [host = '', port] = server.snapshot.split(':');
  return { host, port: Number(port), server: 'InfluxDB', stallMs: 5000, signal };
}

/** A policy with so many shard groups of an hour, the first three of which have a shard. */
function policy(name: string, groups: number): RetentionPolicy {
  const all = Array.from({ length: groups }, (_, at) => ({
    id: at + 1,
    start: BigInt(at) * HOUR,
    end: BigInt(at + 1) * HOUR,
    deleted: false,
    truncatedAt: undefined,
    shards: at < 3 ? [at + 1] : [],
  }));
  return { name, duration: 0n, groupDuration: HOUR, replicas: 1, groups: all, subscriptions: [] };
}

const create = (name: string, policies: RetentionPolicy[]) =>
  updateMetadata(
    address(),
    name,
    composeMetadata({ name, defaultPolicy: policies[0]?.name ?? '', policies }),
  );

async function databases(): Promise<(string | undefined)[]> {
  return (await server.query('SHOW DATABASES')).map(({ name }) => name);
}

async function* from(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function read(shard: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of downloadShard(address(), shard)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('the snapshot protocol of a real InfluxDB 1', () => {
  it('brings a portable backup back under other names, and what comes back is the same', async () => {
    for (const database of metadata.databases) {
      const name = `${database.name} again`;
      const { defaultPolicy, policies } = database;
      const map = await updateMetadata(
        address(),
        name,
        composeMetadata({ name, defaultPolicy, policies }),
      );
      for (const file of manifest.files.filter((one) => one.database === database.name)) {
        const shard = map?.get(file.shardID) ?? 0;
        const tar = shardTar(file.shardID);
        await uploadShard(
          address(),
          shard,
          renameEntries(from(tar), `${name}/${file.policy}/${shard}`),
        );
        expect([...unpack(await read(shard)).values()]).toEqual(
          [...unpack(tar)].filter(([path]) => path.endsWith('.tsm')).map(([, body]) => body),
        );
      }
      for (const [rp, measurements] of Object.entries(expected.points[database.name] ?? {})) {
        for (const [measurement, fields] of Object.entries(measurements)) {
          const [row] = await server.query(
            `SELECT count(*) FROM "${name}"."${rp}"."${measurement}"`,
          );
          for (const [field, points] of Object.entries(fields)) {
            expect(row?.[`count_${field}`], `${measurement} ${field}`).toBe(points);
          }
        }
      }
    }
    const there = parseMetadata(await downloadMetadata(address())).databases.map(
      ({ name }) => name,
    );
    expect(there).toEqual(['telemetry again', 'events of plant 7 again', 'empty again']);
  });

  it('answers alike when the database exists and when a new one has no shards', async () => {
    expect(await create('taken', [policy('p', 3)])).toHaveProperty('size', 3);
    expect(await create('taken', [policy('p', 3)])).toHaveProperty('size', 0);
    expect(await create('without shards', [policy('p', 0)])).toHaveProperty('size', 0);
    expect(await databases()).toEqual(expect.arrayContaining(['taken', 'without shards']));
  });

  it('refuses what is no metadata', async () => {
    expect(await updateMetadata(address(), 'x', Buffer.from('garbage'))).toHaveProperty('size', 0);
    expect(await databases()).not.toContain('x');
  });

  it('takes metadata of 50 kB that come in one piece', async () => {
    expect(await create('long', [policy('p', 2000)])).toHaveProperty('size', 3);
  });

  it('says nothing of a shard that it does not have', async () => {
    expect(await read(4711)).toHaveLength(0);
    await uploadShard(address(), 4711, renameEntries(from(shardTar(1)), 'telemetry/raw/4711'));
  });

  it('keeps nothing of a tar that ends inside an entry, and takes the whole one afterwards', async () => {
    const map = await create('cut', [policy('raw', 1)]);
    const shard = map?.get(1) ?? 0;
    const whole = await collect(renameEntries(from(shardTar(1)), `cut/raw/${shard}`));
    const broken = (async function* () {
      yield whole.subarray(0, 700);
      throw new Error('the source broke');
    })();
    await expect(uploadShard(address(), shard, broken)).rejects.toThrow('the source broke');
    for (let tries = 1; ; tries += 1) {
      await uploadShard(address(), shard, from(whole));
      const files = await read(shard);
      if (files.length > 0 && unpack(files).size === 2) break;
      if (tries === 20) throw new Error('The shard does not recover.');
      await sleep(200);
    }
  });

  it('ends within a second of the signal, also while the server waits for more', async () => {
    const map = await create('aborted', [policy('raw', 1)]);
    const stop = new AbortController();
    const fell = deferred();
    const silent = (async function* () {
      yield shardTar(1).subarray(0, 512);
      fell.resolve();
      await new Promise(() => undefined);
    })();
    const upload = uploadShard(address(stop.signal), map?.get(1) ?? 0, silent);
    const settled = upload.catch((error: unknown) => error);
    await fell.promise;
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
    expect(await settled).toBe(reason);
  });
});
