import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import {
  callInflux,
  createBucket,
  createOrganisation,
  organisationId,
  writeLines,
} from '../support/influx.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { startLimitingProxy } from '../support/limiting-proxy.ts';
import { restoreRun, type RestoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const TOKEN = 'HOLDFAST_TEST_WHOLE_TOKEN';
process.env[TOKEN] = 'operator-token';

let source: InfluxSimulator;
let target: InfluxSimulator;
let run: BackupRun;
let disk: TemporaryFolder;
const sessions: ProductSession[] = [];

function connect({ url }: InfluxSimulator, more: object = {}): ProductSession {
  const session = connectTo(subject, { url, token: { env: TOKEN }, ...more });
  sessions.push(session);
  return session;
}

beforeEach(async () => {
  source = await startInfluxSimulator({ generate: [{ shards: 2, shardBytes: 20_000 }] });
  target = await startInfluxSimulator();
  run = await backupRun('influxdb-v2');
  disk = await temporaryFolder('whole');
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await run[Symbol.asyncDispose]();
  await disk.remove();
  await Promise.all([source.stop(), target.stop()]);
});

const whole = async (backup: BackupReader, at = target) =>
  restoreRun(connect(at), backup, {}, await run.spool());
const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);
const bucketNamed = (server: InfluxSimulator, name: string) => {
  const found = server.state.metadata.buckets.find((bucket) => bucket.name === name);
  if (!found) throw new Error(`There is no bucket ${name}.`);
  return found;
};

describe('a server without data', () => {
  test('is unused as its set-up left it, and in use as soon as somebody configured something', async () => {
    const backup = await run.take(connect(source));
    expect((await whole(backup)).plan.summary).toMatchObject({ destructive: false, replaces: [] });
    const orgID = await organisationId(target, 'acme');
    await callInflux(target, 'POST', '/api/v2/labels', { orgID, name: 'of the sensors' });
    const { destructive, replaces } = (await whole(backup)).plan.summary;
    expect(destructive).toBe(true);
    // Of a long list only the beginning is shown.
    const server = expect.stringMatching(/^users and every other setting of /);
    expect(replaces).toEqual(['labels', server, 'acme/telemetry']);
  });
});

describe('tasks', () => {
  const task = (status: 'active' | 'inactive') =>
    source.state.metadata.tasks.push({ id: '0a', name: 't', status, flux: 'option task = {}' });

  test('that come back need a restart of the server, which plan and result say', async () => {
    task('active');
    const restoring = await whole(await run.take(connect(source)));
    expect(codes(restoring.plan.summary.warnings)).toContain('TASKS_NEED_RESTART');
    expect(codes((await restoring.complete()).warnings)).toEqual(['TASKS_NEED_RESTART']);
  });

  test('that are switched off need none', async () => {
    task('inactive');
    const restoring = await whole(await run.take(connect(source)));
    expect(codes(restoring.plan.summary.warnings)).toEqual([]);
    expect((await restoring.complete()).warnings).toEqual([]);
  });
});

describe('replications', () => {
  test('that come back need a restart, and block no further restore until then', async () => {
    const [bucket] = source.state.metadata.buckets;
    const { id: localBucketID = '', orgID = '' } = bucket ?? {};
    source.state.metadata.replications.push({ id: '0a', name: 'r', orgID, localBucketID });
    const backup = await run.take(connect(source));
    const { warnings } = await (await whole(backup)).complete();
    expect(warnings).toMatchObject([
      { code: 'TASKS_NEED_RESTART', message: expect.stringContaining('replications') as string },
    ]);
    const again = await whole(backup);
    expect(again.plan.summary.replaces).toContain('replications');
    expect((await again.complete()).restored).toEqual(['acme/telemetry']);
    await target.restart();
    expect((await whole(backup)).plan.summary.replaces).toContain('replications');
  });
});

describe('a proxy that lets no long upload pass', () => {
  const LIMIT = 15_000;
  const proxied = async (shardBytes: number) => {
    source.generate({ shards: 1, shardBytes });
    const proxy = await startLimitingProxy(target.url, LIMIT);
    try {
      const backup = await run.take(connect(source));
      return await restoreRun(
        connect({ ...target, url: proxy.url }),
        backup,
        {},
        await run.spool(),
      );
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
  };

  test('is found out while nothing is replaced yet', async () => {
    const failure = await failureOf(proxied(50_000));
    expect(failure).toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('HTTP 413') as string,
      hint: expect.stringContaining('client_max_body_size') as string,
    });
  });

  test('stands in no way of what is short enough', async () => {
    source = await replaced(source);
    expect((await proxied(2_000)).plan.steps).toHaveLength(1);
  });
});

describe('a backup of a part of the server', () => {
  beforeEach(async () => {
    await createBucket(source, 'billing');
    await writeLines(source, 'billing', ['cpu v=1 1700000000']);
  });
  const part = () => run.take(connect(source, { select: { buckets: ['telemetry'] } }));

  test('says of the whole server what came back empty', async () => {
    const restoring = await whole(await part());
    expect(codes(restoring.plan.summary.warnings)).toEqual(['BACKUP_FILTERED']);
    expect((await restoring.complete()).warnings).toMatchObject([
      { code: 'BUCKET_EMPTY', subject: 'acme/billing' },
    ]);
  });

  test('that was imported does so too, and its plan says that nobody knows', async () => {
    await part();
    const restoring = await whole(await imported(run.data));
    expect(restoring.plan.summary.warnings).toMatchObject([
      { code: 'BACKUP_FILTERED', message: expect.stringContaining('--bucket') as string },
    ]);
    expect((await restoring.complete()).warnings).toMatchObject([
      { code: 'BUCKET_EMPTY', subject: 'acme/billing' },
    ]);
  });
});

describe('a directory with two backups', () => {
  const both = async () => {
    const dir = join(disk.path, 'both');
    await mkdir(dir);
    for (const file of await readdir(run.data))
      await copyFile(join(run.data, file), join(dir, file));
    return dir;
  };
  /** As the tool would have written it a day later. */
  const addLater = async (dir: string, connection: object = {}) => {
    const later = await backupRun('influxdb-v2');
    await later.take(connect(source, connection));
    const name = (file: string) => file.replaceAll('20261120T', '20261121T');
    for (const file of await readdir(later.data)) {
      const bytes = await readFile(join(later.data, file));
      const renamed = file.endsWith('.manifest') ? name(String(bytes)) : bytes;
      await writeFile(join(dir, name(file)), renamed);
    }
    await later[Symbol.asyncDispose]();
  };

  test('between which a bucket was removed is restored without it, and `select` brings it back', async () => {
    await createBucket(source, 'old');
    await writeLines(source, 'old', ['cpu v=1 1700000000']);
    await run.take(connect(source));
    const dir = await both();
    await source.state.removeBucket(bucketNamed(source, 'old'));
    await addLater(dir);
    const backup = await imported(dir);
    expect(backup.manifest.warnings).toContainEqual(
      expect.objectContaining({ code: 'BUCKET_NOT_IN_METADATA', subject: 'acme/old' }),
    );
    const restoring = await whole(backup);
    const { leaves, warnings } = restoring.plan.summary;
    expect(leaves).toEqual([expect.stringContaining('acme/old (not in these metadata')]);
    expect(codes(warnings)).toContain('BUCKET_NOT_IN_METADATA');
    const { restored, proofs } = await restoring.complete();
    expect(restored).toEqual(['acme/telemetry']);
    expect(proofs).toHaveLength(2);

    const old = { select: { buckets: ['old'] } };
    const one = await restoreRun(connect(target), backup, old, await run.spool());
    expect((await one.complete()).restored).toEqual(['acme/old']);
  });

  test('of which the newer is of one bucket only is restored with all that both hold, and says what is older', async () => {
    await run.take(connect(source));
    const dir = await both();
    await createBucket(source, 'later');
    await writeLines(source, 'later', ['cpu v=1 1700000000']);
    await addLater(dir, { select: { buckets: ['later'] } });
    const backup = await imported(dir);
    const earlier = {
      code: 'BUCKET_EARLIER',
      subject: 'acme/telemetry',
      message: expect.stringContaining('as it was at 2026-11-20T02:00:00Z') as string,
    };
    expect(backup.manifest.warnings).toContainEqual(earlier);
    const restoring = await whole(backup);
    expect(restoring.plan.summary.warnings).toContainEqual(earlier);
    const { restored, warnings } = await restoring.complete();
    expect(restored.toSorted()).toEqual(['acme/later', 'acme/telemetry']);
    expect(warnings).toEqual([]);

    const planOf = async (bucket: string) => {
      const request = { select: { buckets: [bucket] }, onConflict: 'rename' as const };
      return (await restoreRun(connect(target), backup, request, await run.spool())).plan.summary;
    };
    expect(codes((await planOf('telemetry')).warnings)).toEqual(['BUCKET_EARLIER']);
    expect((await planOf('later')).warnings).toEqual([]);
  });

  test('between which a bucket was renamed is restored with its newer name and data', async () => {
    await run.take(connect(source));
    const dir = await both();
    await callInflux(source, 'PATCH', `/api/v2/buckets/${bucketNamed(source, 'telemetry').id}`, {
      name: 'renamed',
    });
    await writeLines(source, 'renamed', ['cpu v=2 1700000000']);
    await addLater(dir);
    const backup = await imported(dir);
    expect(codes(backup.manifest.warnings)).not.toContain('BUCKET_NOT_IN_METADATA');
    const restoring = await whole(backup);
    const paths = restoring.plan.steps.flatMap(({ lines }) => lines.map(({ path }) => path));
    expect(paths).toEqual(Array(3).fill(expect.stringMatching(/^data\/20261121T/)));
    expect((await restoring.complete()).restored).toEqual(['acme/renamed']);
  });

  test('of which the newer is of one organisation only is restored with the others', async () => {
    await createOrganisation(source, 'second');
    await createBucket({ ...source, org: 'second' }, 'theirs');
    await writeLines({ ...source, org: 'second' }, 'theirs', ['cpu v=1 1700000000']);
    await run.take(connect(source));
    const dir = await both();
    await addLater(dir, { select: { organisations: ['acme'] } });
    const { restored, warnings } = await (await whole(await imported(dir))).complete();
    expect(restored.toSorted()).toEqual(['acme/telemetry', 'second/theirs']);
    expect(warnings).toEqual([]);
  });

  test('of which the newer cannot tell that a bucket is gone is restored without it, and does not blame retention', async () => {
    await createBucket(source, 'old');
    await writeLines(source, 'old', ['cpu v=1 1700000000']);
    bucketNamed(source, 'old').retentionSeconds = 3600;
    await run.take(connect(source));
    const dir = await both();
    await source.state.removeBucket(bucketNamed(source, 'old'));
    await addLater(dir, { select: { buckets: ['telemetry'] } });
    const restoring = await whole(await imported(dir));
    const { restored, warnings, proofs } = await restoring.complete();
    expect(restored).toEqual(['acme/telemetry']);
    expect(proofs).toHaveLength(2);
    expect(warnings).toMatchObject([{ code: 'BUCKET_NOT_IN_METADATA', subject: 'acme/old' }]);
    expect(
      target.requests.filter(({ path }) => path.startsWith('/api/v2/restore/kv')),
    ).toHaveLength(1);
  });
});

describe('a server that is restored onto itself', () => {
  const labels = () => source.state.metadata.labels;

  test('has lost nothing when it refuses the metadata', async () => {
    const restoring = await whole(await run.take(connect(source)), source);
    source.switches.kvRefused = true;
    expect((await failureOf(restoring.prepare())).code).toBe('TARGET_ERROR');
    expect((await failureOf(restoring.prepare())).code).toBe('TARGET_ERROR');
    expect((await restoring.undo()).lost).toEqual([]);
    expect(labels()).toEqual([]);
  });

  test('has lost everything when only the answer was lost, whatever a later attempt met', async () => {
    const restoring = await whole(await run.take(connect(source)), source);
    source.switches.kvAnswerLost = 1;
    await failureOf(restoring.prepare());
    source.switches.kvRefused = true;
    await failureOf(restoring.prepare());
    expect((await restoring.undo()).lost).toHaveLength(1);
  });

  test('counts as lost when no label could be left', async () => {
    const restoring = await whole(await run.take(connect(source)), source);
    source.switches.kvRefused = true;
    source.switches.labelRefused = true;
    await failureOf(restoring.prepare());
    expect((await restoring.undo()).lost).toHaveLength(1);
  });
});

describe('a whole restore that never ended', () => {
  const WEEK = 604_800;
  let restoring: RestoreRun;
  beforeEach(async () => {
    Object.assign(bucketNamed(source, 'telemetry'), {
      retentionSeconds: WEEK,
      description: 'of machines',
    });
    restoring = await whole(await run.take(connect(source)));
    await restoring.prepare();
  });

  test('is undone by another version, which marks what it suspends in another way', async () => {
    const { run: id } = restoring.plan.detail as { run: string };
    const mark = `[retention suspended by Holdfast restore ${id}]`;
    bucketNamed(target, 'telemetry').description = `of machines ${mark}`;
    await restoring.undo();
    expect(bucketNamed(target, 'telemetry')).toMatchObject({
      retentionSeconds: WEEK,
      description: 'of machines',
    });
  });

  test('leaves retentions that are found and put back', async () => {
    const { leftovers } = connect(target);
    const found = (await leftovers?.find()) ?? [];
    expect(found.map(({ name }) => name)).toContain(
      `the suspended retention (${WEEK} s) of acme/telemetry`,
    );
    for (const one of found) await leftovers?.remove({ ...one, run: 'another' });
    expect(bucketNamed(target, 'telemetry').retentionSeconds).toBe(0);
    for (const one of found) await leftovers?.remove(one);
    expect(bucketNamed(target, 'telemetry')).toMatchObject({
      retentionSeconds: WEEK,
      description: 'of machines',
    });
    expect(await leftovers?.find()).toEqual([]);
  });

  test('is told by the next backup, which is restored as it was before', async () => {
    const next = await backupRun('influxdb-v2');
    const suspended = await next.take(connect(target));
    expect(suspended.manifest.warnings).toContainEqual(
      expect.objectContaining({ code: 'RETENTION_SUSPENDED', subject: 'acme/telemetry' }),
    );
    const request = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'copy' } };
    await (await restoreRun(connect(source), suspended, request, await run.spool())).complete();
    expect(bucketNamed(source, 'copy')).toMatchObject({
      retentionSeconds: WEEK,
      description: 'of machines',
    });
    await (await whole(suspended)).complete();
    expect(bucketNamed(target, 'telemetry')).toMatchObject({
      retentionSeconds: WEEK,
      description: 'of machines',
    });
    await next[Symbol.asyncDispose]();
  });

  test('leaves a label when it ended before it replaced anything, and that is found too', async () => {
    target.state.metadata.labels.push({ id: '0b', orgID: '0c', name: 'holdfast-restore-0123abcd' });
    const { leftovers } = connect(target);
    const found = (await leftovers?.find()) ?? [];
    const label = found.find(({ name }) => name.startsWith('label'));
    expect(label).toMatchObject({ name: 'label holdfast-restore-0123abcd', run: '0123abcd' });
    if (label) await leftovers?.remove(label);
    expect(target.state.metadata.labels).toEqual([]);
  });
});

async function replaced(server: InfluxSimulator): Promise<InfluxSimulator> {
  await server.stop();
  return startInfluxSimulator();
}

/** A directory of the official tool, taken in as `holdfast import` does it. */
async function imported(dir: string): Promise<BackupReader> {
  const taking = await backupRun('influxdb-v2');
  return taking.take({ backup: await openBackupDirectory(dir) } as unknown as ProductSession);
}
