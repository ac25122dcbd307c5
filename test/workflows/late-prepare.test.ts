import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProductSession } from '../../activities/products/product.ts';
import { readState, writeState } from '../../activities/restore/restore-in-store.ts';
import {
  announceAttempt,
  hasTakenAway,
  noteTakingAway,
  requireNewest,
} from '../../activities/restore/taking-away.ts';
import type { RestoreJob } from '../../workflows/contract/activities.ts';
import { backupFolder } from '../pipeline/backup-folder.ts';
import { backupRun, type BackupRun } from '../products/backup-run.ts';
import { influxdbV2UnderTest } from '../products/influxdb-v2.ts';
import { restoreRun } from '../products/restore-run.ts';
import { connectTo, failureOf } from '../products/session.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';

const { signal } = new AbortController();
const TOKEN = 'HOLDFAST_TEST_LATE_PREPARE_TOKEN';
const job = {
  snapshot: { target: 'metrics' },
  backup: '2026-11-20t02-00-00z-7f3a1c',
  run: { runId: 'one' },
} as RestoreJob;

let keeping: Awaited<ReturnType<typeof backupFolder>>;
beforeEach(async () => {
  keeping = await backupFolder();
});
afterEach(() => keeping[Symbol.asyncDispose]());

const taking = (attempt: number) => noteTakingAway(keeping.store, job, attempt, signal);

describe('an attempt to prepare that was given up', () => {
  let server: InfluxSimulator;
  let session: ProductSession;
  let run: BackupRun;
  beforeEach(async () => {
    server = await startInfluxSimulator({ generate: [{ shards: 2, shardBytes: 20_000 }] });
    process.env[TOKEN] = server.token;
    const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test')));
    session = connectTo(subject, { url: server.url, token: { env: TOKEN } });
    run = await backupRun('influxdb-v2');
  });
  afterEach(async () => {
    await session.close();
    await run[Symbol.asyncDispose]();
    await server.stop();
  });

  test.each([
    ['a bucket', { select: { buckets: ['telemetry'] }, rename: { telemetry: 'copy' } }],
    ['the whole server', {}],
  ])('leaves alone what its successor has restored: %s', async (_, request) => {
    const { store } = keeping;
    const backup = await run.take(session);
    const restoring = await restoreRun(session, backup, request, await run.spool());
    await restoring.prepare(() => taking(1));
    await announceAttempt(store, job, 2, signal);
    await restoring.prepare(() => taking(2));
    for (const step of restoring.plan.steps) await restoring.apply(step);

    const failure = await failureOf(restoring.prepare(() => taking(1)));
    expect(failure.code).toBe('WORKER_SHUTDOWN');
    for (const step of restoring.plan.steps) {
      expect(await restoring.prove(step)).toEqual({ result: 'identical' });
    }
    expect(await hasTakenAway(store, job, signal)).toBe(true);
  });
});

test('attempts that are counted from the beginning again go by numbers of their own', async () => {
  const { store } = keeping;
  const announce = (attempt: number) => announceAttempt(store, job, attempt, signal);
  expect([await announce(1), await announce(2), await announce(12)]).toEqual([1, 2, 12]);
  expect(await announce(1)).toBe(13);
  await requireNewest(store, job, 13, signal);
  expect(await failureOf(requireNewest(store, job, 12, signal))).toMatchObject({
    code: 'WORKER_SHUTDOWN',
  });
  // Those beside each other, too.
  const beside = await Promise.all([announce(1), announce(1), announce(2)]);
  expect(new Set([...beside, 13]).size).toBe(4);
});

test('the first attempt that takes something away is told so, and no other', async () => {
  expect(await taking(1)).toBe(false);
  await announceAttempt(keeping.store, job, 2, signal);
  expect(await taking(2)).toBe(true);
  expect(await taking(2)).toBe(true);
});

test('what an attempt has written down ends those before it and beside it', async () => {
  const { store } = keeping;
  await announceAttempt(store, job, 10, signal);
  expect(await failureOf(requireNewest(store, job, 9, signal))).toMatchObject({
    code: 'WORKER_SHUTDOWN',
  });
  await requireNewest(store, job, 10, signal);
  await writeState(store, job, { version: 1, buckets: 'of attempt 10' }, signal);
  expect(await failureOf(taking(10))).toMatchObject({ code: 'WORKER_SHUTDOWN' });
  const other = writeState(store, job, { version: 1, buckets: 'of another' }, signal);
  expect(await failureOf(other)).toMatchObject({ code: 'WORKER_SHUTDOWN' });
  await writeState(store, job, { version: 1, buckets: 'of attempt 10' }, signal);
  expect(await readState(store, job, signal)).toMatchObject({ buckets: 'of attempt 10' });
});
