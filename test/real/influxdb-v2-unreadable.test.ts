import { readdir, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { asStored } from '../products/backup-run.ts';
import { failureOf } from '../products/session.ts';
import { callInflux, createBucket, writeLines, type CreatedBucket } from '../support/influx.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';
import { connect, planRestore, restoreStep, takeBackup, type Taken } from './adapter.ts';
import { HOUR, points, TOKEN } from './influxd.ts';

const HOURS = 3;
/** The shard of a time long over, to which a client writes after the good backup. */
const LATE = HOURS + 1;

describe('a shard that a real influxd cannot open at its start', () => {
  let server: Influxd;
  let good: Taken;
  let identity: string;
  let hourly: CreatedBucket;
  const taken: Taken[] = [];

  const session = () => connect(server.url);
  const known = ({ reader }: Taken): BackupReader => {
    const { manifest } = reader;
    const times = { ...manifest.times, captured: { from: started, to: started } };
    return {
      ...reader,
      manifest: { ...manifest, times, product: { ...manifest.product, identity } },
    };
  };
  const started = new Date().toISOString();
  const take = async (before?: Taken) => {
    const { backup } = session();
    const one = await takeBackup({
      ...backup,
      conclude: (what) =>
        backup.conclude({ ...what, before: () => Promise.resolve(before && known(before)) }),
    });
    taken.push(one);
    return one;
  };
  const about = ({ conclusion: { warnings } }: Taken) =>
    warnings.filter(({ code }) => code.startsWith('SHARD_'));
  const prepared = async (at: ProductSession) => {
    const plan = { ...(await planRestore(at, good, {})), steps: [] };
    let before = false;
    const takesAway = () => Promise.resolve(before || !(before = true));
    return at.restore.prepare(plan, good.reader, takesAway);
  };
  const breakShards = async (...shards: number[]) => {
    const data = join(server.folder, 'engine', 'data');
    const [bucket = ''] = await readdir(data);
    for (const shard of shards) {
      await truncate(join(data, bucket, 'autogen', `${shard}`, 'index', '0', 'MANIFEST'));
    }
    await server.restart();
  };

  beforeAll(async () => {
    server = await startInfluxd({ token: TOKEN });
    hourly = await createBucket(server, 'hourly', { groupSeconds: HOUR });
    await writeLines(server, 'hourly', points(HOURS));
    identity = (await session().preflight('backup')).identity;
    good = await take();
    expect(about(good)).toEqual([]);
    await writeLines(server, 'hourly', ['cpu v=1 1000000000']);
    await breakShards(1, LATE);
  });
  afterAll(async () => {
    for (const one of taken) await one[Symbol.asyncDispose]();
    await server?.stop();
  });

  it('is missed by the next backup, and told once where none was taken before', async () => {
    const next = await take(good);
    expect(next.conclusion.lacking).toBe(true);
    expect(about(next)).toMatchObject([
      { code: 'SHARD_UNREADABLE', subject: 'acme/hourly/shard 1' },
      {
        code: 'SHARD_GONE',
        message: expect.stringContaining(`named acme/hourly/shard ${LATE} and did not`) as string,
      },
    ]);
    expect(about(await take())).toMatchObject([{ code: 'SHARD_GONE' }]);
  });

  it('is missed also when its bucket was renamed and its name is given to another one', async () => {
    const path = `/api/v2/buckets/${hourly.id}`;
    expect((await callInflux(server, 'PATCH', path, { name: 'replaced' })).status).toBe(200);
    const other = await createBucket(server, 'hourly');
    expect(about(await take(good))).toMatchObject([
      { code: 'SHARD_UNREADABLE', subject: 'acme/replaced/shard 1' },
      { code: 'SHARD_GONE' },
    ]);
    await callInflux(server, 'DELETE', `/api/v2/buckets/${other.id}`);
    expect((await callInflux(server, 'PATCH', path, { name: 'hourly' })).status).toBe(200);
  });

  it('keeps a whole restore from destroying the others', async () => {
    const failure = await failureOf(planRestore(session(), { ...good, reader: known(good) }, {}));
    expect(failure).toMatchObject({ code: 'DESTINATION_UNREADABLE' });
    expect(failure.message).toContain('acme/hourly/shard 1,');
  });

  it('ends one that could not know of it at once, and lets it succeed without the old engine', async () => {
    const { warnings } = (await planRestore(session(), good, {})).summary;
    expect(warnings.map(({ code }) => code)).toContain('DESTINATION_LACKS_SHARDS');
    const failure = await failureOf(prepared(session()));
    expect(failure).toMatchObject({ code: 'DESTINATION_UNREADABLE' });

    await rename(join(server.folder, 'engine'), join(server.folder, 'engine.away'));
    await server.restart();
    const again = { ...good, reader: known(good) };
    const plan = await planRestore(session(), again, {});
    const state = asStored(await prepared(session()));
    for (const step of plan.steps) {
      expect(await restoreStep(session(), good, step, state)).toEqual({ result: 'identical' });
    }
    expect(plan.steps).toHaveLength(HOURS);
  });
});
