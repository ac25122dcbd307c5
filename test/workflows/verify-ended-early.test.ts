import { gunzipSync } from 'node:zlib';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ending } from '../faults/following.ts';
import { setStage, type Stage } from '../faults/stage.ts';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';

let stage: Stage;

beforeAll(async () => {
  // More than one page, and one page after the other.
  stage = await setStage({ shards: 70, target: { limits: { concurrency: 1 } } });
});
afterAll(() => stage?.stop());
afterEach(() => stage.s3.calm());

/** A backup whose first object is damaged; and its last object. */
async function damagedFirst(): Promise<{ backup: string; first: string; last: string }> {
  const { backup } = await stage.holdfast.run('backup', { target: 'remote' });
  const folder = `holdfast/remote/${backup}/`;
  const list = gunzipSync(stage.s3.bucket.get(`${folder}objects.ndjson.gz`).body).toString();
  const paths = list
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { path: string }).path);
  const [first = '', last = ''] = [paths[0], paths.at(-1)];
  const { body } = stage.s3.bucket.get(folder + first);
  stage.s3.flipBit(folder + first, Math.floor(body.length / 2));
  return { backup, first, last: folder + last };
}

const verify = (backup: string): Promise<WorkflowHandle> =>
  stage.holdfast.start('verify', { target: 'remote', backup, depth: 'deep' });

function proofsOf(backup: string): unknown[] {
  return stage.s3.bucket
    .listed(`holdfast/remote/${backup}/proofs/`)
    .map(([, { body }]) => JSON.parse(body.toString()) as unknown);
}

/** What `latest` takes. */
async function latest(): Promise<unknown> {
  const some = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'again' } };
  const request = { target: 'remote', into: 'spare', dryRun: true, ...some };
  return (await stage.holdfast.run('restore', request)).plan.backup;
}

test('a deep verification that is cancelled keeps what it had found', async () => {
  const good = await stage.holdfast.run('backup', { target: 'remote' });
  const { backup, first, last } = await damagedFirst();
  const held = holding();
  stage.s3.plan({ on: 'GetObject', key: keyed(last), times: ALWAYS, fault: held.fault });
  const run = await verify(backup);
  const pending = async () =>
    (await run.describe()).raw.pendingActivities?.map(({ activityId }) => activityId);
  await expect.poll(pending, { timeout: 60_000 }).toEqual(['page-1']);
  await run.cancel();
  const end = await ending(run);
  held.release();
  expect(end).toMatchObject({ status: 'CANCELLED', warnings: ['DAMAGE_FOUND'] });
  expect(proofsOf(backup)).toEqual([
    expect.objectContaining({ ok: false, depth: 'deep', unfinished: true, damaged: [first] }),
  ]);
  expect(await latest()).toBe(good.backup);
});

test('a deep verification that fails keeps what it had found', async () => {
  const { backup, first, last } = await damagedFirst();
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  stage.s3.plan({ on: 'GetObject', key: keyed(last), times: ALWAYS, fault: denied });
  expect(await ending(await verify(backup))).toMatchObject({
    status: 'FAILED',
    warnings: ['DAMAGE_FOUND'],
  });
  expect(proofsOf(backup)).toEqual([
    expect.objectContaining({ ok: false, unfinished: true, damaged: [first] }),
  ]);
});

test('a verification that had found nothing leaves no proof when it is cut off', async () => {
  const { backup } = await stage.holdfast.run('backup', { target: 'remote' });
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  const data = new RegExp(`remote/${backup}/data/`);
  stage.s3.plan({ on: 'GetObject', key: data, times: ALWAYS, fault: denied });
  expect(await ending(await verify(backup))).toMatchObject({ status: 'FAILED', warnings: [] });
  expect(proofsOf(backup)).toEqual([]);
});

test('what a verification keeps beside the backup is known as its own', async () => {
  const { backup } = await stage.holdfast.run('backup', { target: 'remote' });
  const held = holding();
  const data = new RegExp(`remote/${backup}/data/`);
  stage.s3.plan({ on: 'GetObject', key: data, times: ALWAYS, fault: held.fault });
  const run = await verify(backup);
  const work = `holdfast/remote/${backup}/work/${(await run.describe()).runId}/`;
  const kept = () => stage.s3.bucket.listed(work).map(([key]) => key.slice(work.length));
  await expect.poll(kept, { timeout: 30_000 }).toContain('plan.json');
  const claim = JSON.parse(stage.s3.bucket.get(`${work}run.json`).body.toString()) as unknown;
  expect(claim).toMatchObject({ workflowId: run.workflowId, namespace: stage.holdfast.namespace });
  held.release();
  expect(await run.result()).toMatchObject({ ok: true });
  expect(kept()).toEqual([]);
});

test('of what is begun beside the backup and was never ended, a verification ends only its own', async () => {
  const { backup } = await stage.holdfast.run('backup', { target: 'remote' });
  const held = holding();
  const data = new RegExp(`remote/${backup}/data/`);
  stage.s3.plan({ on: 'GetObject', key: data, times: ALWAYS, fault: held.fault });
  const run = await verify(backup);
  const { runId } = await run.describe();
  const leases = `holdfast/remote/${backup}/leases/`;
  const [own, other] = [runId, 'a-restore'].map((name) =>
    stage.s3.bucket.begin(`${leases}${name}.json`, {}),
  );
  held.release();
  expect(await run.result()).toMatchObject({ ok: true });
  const { uploads } = stage.s3.bucket;
  expect([own, other].map((upload) => uploads.has(upload?.id ?? ''))).toEqual([false, true]);
  uploads.clear();
});

test('findings whose proof the store does not take are told all the same', async () => {
  const { backup } = await damagedFirst();
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  stage.s3.plan({ on: 'PutObject', key: /\/proofs\//, times: ALWAYS, fault: denied });
  const run = await verify(backup);
  expect(await ending(run)).toMatchObject({ status: 'FAILED', warnings: ['PROOF_NOT_KEPT'] });
  const { warnings } = await run.query<{ warnings: { message: string }[] }>('progress');
  expect(warnings[0]?.message).toContain(`1 finding in backup ${backup}`);
});

function keyed(key: string): RegExp {
  return new RegExp(`${key.replaceAll('.', '\\.')}$`);
}
