import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../workflows/contract/operations.ts';
import { setStage, type Stage } from '../faults/stage.ts';
import { holding } from '../simulators/s3/faults.ts';
import { startCopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

const RENAMED = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'again' } };
const DAMAGED = { type: 'BACKUP_DAMAGED' };

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ shards: 4 });
});
afterAll(() => stage?.stop());
afterEach(() => stage.s3.calm());

const restore = (more: object = {}): Promise<RestoreReport> =>
  stage.holdfast.run('restore', { target: 'remote', into: 'spare', ...RENAMED, ...more });
const latest = async () => (await restore({ dryRun: true })).plan.backup;
const verify = (backup: string, depth: 'quick' | 'deep') =>
  stage.holdfast.run('verify', { target: 'remote', backup, depth });

/** A good backup, and one after it with the key of one of its shards. */
async function twoBackups(): Promise<{ good: string; backup: string; shard: string }> {
  const { backup: good } = await stage.holdfast.run('backup', { target: 'remote' });
  const { backup } = await stage.holdfast.run('backup', { target: 'remote', full: true });
  const shard = [...stage.s3.bucket.objects.keys()].find(
    (key) => key.includes(backup) && key.endsWith('.3.tar'),
  );
  return { good, backup, shard: shard! };
}

function proofsOf(backup: string): unknown[] {
  return stage.s3.bucket
    .listed(`holdfast/remote/${backup}/proofs/`)
    .map(([, { body }]) => JSON.parse(body.toString()) as unknown);
}

describe('a restore that ends because of the backup', () => {
  test('keeps what it found damaged, so that the next one takes another backup', async () => {
    const { good, backup, shard } = await twoBackups();
    stage.s3.flipBit(shard, 700);
    expect(await restore().catch(causeOf)).toMatchObject(DAMAGED);
    const path = shard.slice(shard.indexOf('data/'));
    expect(proofsOf(backup)).toEqual([
      expect.objectContaining({
        operation: 'restore',
        ok: false,
        depth: 'deep',
        into: 'spare',
        findingsCount: 1,
        damaged: [path],
      }),
    ]);
    expect(await latest()).toBe(good);
    // It is there, as a quick look can tell; and that is all.
    expect(await verify(backup, 'quick')).toMatchObject({ ok: true });
    expect(await latest()).toBe(good);
    stage.s3.flipBit(shard, 700);
    expect(await verify(backup, 'deep')).toMatchObject({ ok: true });
    expect(await latest()).toBe(backup);
  });

  test('keeps it also when it was about to replace a whole server', async () => {
    const { good, backup, shard } = await twoBackups();
    const metadata = shard.replace('.3.tar', '.bolt');
    stage.s3.flipBit(metadata, 700);
    const whole = { select: undefined, rename: undefined, confirm: 'spare', safetyBackup: false };
    expect(await restore(whole).catch(causeOf)).toMatchObject(DAMAGED);
    expect(proofsOf(backup)).toEqual([
      expect.objectContaining({ ok: false, damaged: [metadata.slice(metadata.indexOf('data/'))] }),
    ]);
    expect(await latest()).toBe(good);
  });

  test('keeps what it found missing, before it changed anything', async () => {
    const { good, backup, shard } = await twoBackups();
    const object = stage.s3.bucket.get(shard);
    stage.s3.bucket.objects.delete(shard);
    expect(await restore({ dryRun: true }).catch(causeOf)).toMatchObject(DAMAGED);
    expect(await latest()).toBe(good);
    stage.s3.bucket.objects.set(shard, object);
    expect(await verify(backup, 'quick')).toMatchObject({ ok: true });
    expect(await latest()).toBe(backup);
  });
});

test('what reads well when it is read again is not called damaged', async () => {
  const { backup, shard } = await twoBackups();
  const again = holding();
  stage.s3.flipBit(shard, 700);
  stage.s3.seen.length = 0;
  stage.s3.plan({ on: 'GetObject', key: /\.3\.tar$/, skip: 1, fault: again.fault });
  const restoring = restore().catch(causeOf);
  const reads = () =>
    stage.s3.seen.filter(({ operation, key }) => operation === 'GetObject' && key === shard);
  await expect.poll(() => reads().length, { timeout: 60_000 }).toBe(2);
  stage.s3.flipBit(shard, 700);
  again.release();
  expect(await restoring).toMatchObject(DAMAGED);
  expect(proofsOf(backup)).toEqual([]);
  expect(await latest()).toBe(backup);
});

test('a restore that the destination ends says nothing against the backup', async () => {
  const { backup } = await twoBackups();
  stage.spare.switches.restoreFlipsBit = true;
  expect(await restore().catch(causeOf)).toMatchObject({ type: 'RESTORE_NOT_PROVEN' });
  stage.spare.calm();
  expect(proofsOf(backup)).toEqual([]);
});

test('what a base owns is told beside it, for all that rest on it', async () => {
  const world = await startCopyWorld();
  try {
    const target = 'far';
    const copied = async () => {
      const { backup } = await world.holdfast.run('backup', { target });
      await world.copied(target, backup);
      return backup;
    };
    const [older, base, leaf] = [await copied(), await copied(), await copied()];
    world.restOn(target, leaf, base);
    world.forgetCopy(target, leaf);
    await world.holdfast.run('copy', { target, backup: leaf });
    const folder = `holdfast/${target}/${base}/`;
    const [damaged = ''] = world.keys(target, base).filter((key) => /\/chunk-/.test(key));
    world.far.flipBit(folder + damaged);
    // The storage beside the database is lost.
    for (const backup of [older, base, leaf]) {
      for (const key of world.written(backup)) world.near.bucket.objects.delete(`weaviate/${key}`);
    }
    const request = { target, onConflict: 'replace', confirm: target } as const;
    const first = await world.holdfast.run('restore', request).catch(causeOf);
    expect(first).toMatchObject(DAMAGED);
    const [proof = ''] = world.keys(target, base).filter((key) => key.startsWith('proofs/'));
    expect(JSON.parse(world.far.bucket.get(folder + proof).body.toString())).toMatchObject({
      operation: 'restore',
      ok: false,
      verified: leaf,
      damaged: [damaged],
    });
    const { plan } = await world.holdfast.run('restore', { ...request, dryRun: true });
    expect(plan.backup).toBe(older);
  } finally {
    await world.stop();
  }
});
