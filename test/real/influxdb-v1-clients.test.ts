import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type {
  BackupReader,
  PlannedRestore,
  ProductSession,
} from '../../activities/products/product.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const HOUR = 1_699_999_200;

let folder: TemporaryFolder;
let server: InfluxdV1;
let session: ProductSession;
let backup: BackupReader;
beforeAll(async () => {
  folder = await temporaryFolder('clients-v1');
  await mkdir(join(folder.path, 'spool'));
  server = await startInfluxdV1();
  session = connect(server);
  await server.query('CREATE DATABASE live WITH DURATION 0s SHARD DURATION 1h NAME rp');
  await server.write('live', times(100, 'old'));
  const directory = join(folder.path, 'backup');
  await server.backup(directory, 'live');
  const members = new Map<string, Buffer>();
  for (const name of await readdir(directory)) {
    members.set(name, await readFile(join(directory, name)));
  }
  backup = backupInMemory(members);
});
afterAll(async () => {
  await session.close();
  await server.stop();
  await folder.remove();
});

let plan: PlannedRestore;
let state: Record<string, unknown>;
beforeEach(async () => {
  await server.query('DROP DATABASE live');
  ({ plan, state } = await prepared(session));
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

async function prepared({ restore }: ProductSession) {
  const request = { target: 'aiven' };
  const planned = stored(
    await restore.plan({ backup, restore: request, destination: 'old-influx', run: 'run1' }),
  );
  return { plan: planned, state: stored(await restore.prepare(planned, backup)) };
}

/** Points of one hour, which is that of the shard in the backup unless told. */
function times(count: number, host: string, from = HOUR): string[] {
  return Array.from({ length: count }, (_, at) => `m,host=${host} v=${at}.5 ${from + at}`);
}

/** Has the server write its cache into files, as it does by itself after a while. */
async function flush(): Promise<void> {
  await server.backup(join(folder.path, 'flush'), 'live');
}

async function counted(): Promise<Record<string, unknown>> {
  const rows = await server.query('SELECT count(v) FROM live.rp.m GROUP BY host');
  return Object.fromEntries(rows.map(({ host, count }) => [String(host), count]));
}

function original(): AsyncIterable<Uint8Array> {
  return backup.open(plan.steps[0]?.lines ?? [], { decompress: true });
}

async function apply(): Promise<void> {
  await session.restore.apply(plan.steps[0]!, state, original);
}

const prove = () =>
  session.restore.prove(plan.steps[0]!, state, original, join(folder.path, 'spool'));

describe('points that clients write into what a restore has created', () => {
  it('stay when the server has written them into files before the backup comes', async () => {
    await server.write('live', times(1000, 'live'));
    await flush();
    await server.write('live', times(10, 'later'));
    await apply();
    expect(await prove()).toEqual({ result: 'equivalent' });
    expect(await counted()).toEqual({ live: 1000, later: 10, old: 100 });
    await server.write('live', times(20, 'last'));
    await flush();
    // An attempt that nobody knows to have come to its end is repeated.
    await apply();
    expect(await prove()).toEqual({ result: 'equivalent' });
    await server.restart();
    expect(await counted()).toEqual({ live: 1000, later: 10, last: 20, old: 100 });
  });
});

describe('a restore that is undone', () => {
  const undo = (known = { state }) => session.restore.undo(plan, false, known);
  const marks = async () =>
    (await server.query('SHOW RETENTION POLICIES ON live')).map(({ name }) => name);
  const kept = (why: string) => ({
    removed: [],
    quarantined: [`live (it bears the retention policy unproven-run1; ${why})`],
  });

  it('removes what nobody has written into', async () => {
    expect(plan.summary.warnings).toMatchObject([
      { code: 'OPEN_TO_CLIENTS', message: expect.stringContaining('(live)') },
    ]);
    await apply();
    expect(await undo()).toEqual({ removed: ['live'], quarantined: [] });
    expect(await server.query('SHOW DATABASES')).toEqual([]);
  });

  it.each([
    ['the hour of the backup', HOUR],
    ['another hour', HOUR + 7200],
  ])('keeps points that clients have written into %s', async (_, from) => {
    await server.write('live', times(1000, 'live', from));
    await apply();
    expect(await undo()).toEqual(kept('clients have written 1000 points into it meanwhile'));
    expect(await marks()).toEqual(['rp', 'unproven-run1']);
    expect(await counted()).toEqual({ live: 1000, old: 100 });
  });

  it('keeps them also where the server limits the rows of its answers', async () => {
    await using limited = await startInfluxdV1({ maxRows: 10 });
    await limited.query('CREATE DATABASE full WITH DURATION 0s SHARD DURATION 1h NAME rp');
    const hours = Array.from({ length: 20 }, (_, hour) => `m v=1 ${HOUR + hour * 3600}`);
    await limited.write('full', hours);
    const own = connect(limited);
    ({ plan, state } = await prepared(own));
    await own.restore.apply(plan.steps[0]!, state, original);
    await limited.write('live', times(5, 'live'));
    expect(await own.restore.undo(plan, false, { state })).toEqual(
      kept('clients have written 5 points into it meanwhile'),
    );
    await own.close();
  });

  it('keeps what clients may have written before the server was started anew', async () => {
    await server.write('live', times(1, 'live'));
    await apply();
    await server.restart();
    expect(await undo()).toEqual(
      kept(
        'the server was started anew meanwhile, so nobody knows whether clients have written into it',
      ),
    );
    expect(await counted()).toEqual({ live: 1, old: 100 });
  });

  it('does not make room for a later attempt where clients have written', async () => {
    await server.write('live', times(1, 'live'));
    await expect(session.restore.prepare(plan, backup)).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
      message: expect.stringMatching(/^Clients have written into database live at InfluxDB at /),
    });
    await server.restart();
    expect(await session.restore.undo(plan, false)).toEqual(
      kept('clients have written into it meanwhile'),
    );
    expect(await counted()).toEqual({ live: 1 });
  });

  it('was terminated, and what it left is removed unless clients have written', async () => {
    const run = '0123abcd';
    const begun = new Date();
    const again = { ...plan, detail: { ...plan.detail, run } };
    const leftover = { id: 'live', name: 'live', run };
    await server.query('DROP DATABASE live');
    await session.restore.prepare(again, backup);
    await server.write('live', times(1, 'live'));
    await expect(session.leftovers?.remove(leftover, begun)).rejects.toMatchObject({
      message: expect.stringContaining('clients have written 1 point into it'),
    });
    expect(await counted()).toEqual({ live: 1 });
  });

  it('was terminated, and what it left stays where the server does not know whether clients have written', async () => {
    const run = '0123abcd';
    const begun = new Date();
    const leftover = { id: 'live', name: 'live', run };
    await server.query('DROP DATABASE live');
    const again = { ...plan, detail: { ...plan.detail, run } };
    state = stored(await session.restore.prepare(again, backup));
    await apply();
    await server.write('live', times(1, 'live'));
    await server.restart();
    await expect(session.leftovers?.remove(leftover, begun)).rejects.toMatchObject({
      message: expect.stringMatching(/the server was started later .* drop it yourself\.$/),
    });
    await expect(session.leftovers?.remove(leftover)).rejects.toMatchObject({
      message: expect.stringContaining('Temporal does not know any more when it began'),
    });
    expect(await counted()).toEqual({ live: 1, old: 100 });
    // As if the server had been started before the restore began, and had counted nothing since.
    await session.leftovers?.remove(leftover, new Date());
    expect(await server.query('SHOW DATABASES')).toEqual([]);
  });
});
