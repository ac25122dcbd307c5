import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

let world: CopyWorld;

beforeAll(async () => {
  world = await startCopyWorld();
});
afterAll(() => world?.stop());
beforeEach(() => {
  world.near.calm();
  world.far.calm();
});

/** A backup, and one that rests on it. */
async function chain(target: string): Promise<{ base: string; id: string }> {
  const [base, id] = [await copiedBackup(target), await copiedBackup(target)];
  world.forgetCopy(target, id);
  world.restOn(target, id, base);
  await world.holdfast.run('copy', { target, backup: id });
  return { base, id };
}

async function copiedBackup(target: string): Promise<string> {
  const { backup } = await world.holdfast.run('backup', { target });
  await world.copied(target, backup);
  return backup;
}

/** A deletion that has looked whether it may, and whose word that it begins is on its way. */
async function beginning(id: string) {
  const word = holding();
  world.far.seen.length = 0;
  world.far.plan({ on: 'PutObject', key: /deleting\.json$/, fault: word.fault });
  const input = { target: 'far', backup: id, confirm: id };
  const handle = await world.holdfast.start('delete', input);
  const begun = () =>
    world.far.seen.some(
      ({ operation, key }) => operation === 'PutObject' && key.endsWith('deleting.json'),
    );
  await expect.poll(begun, { timeout: 60_000, interval: 20 }).toBe(true);
  return { handle, release: word.release };
}

const remove = (target: string, backup: string, more: object = { confirm: backup }) =>
  world.holdfast.run('delete', { target, backup, ...more }).catch(causeOf);

describe('a backup that rests on another one', () => {
  test('names in its copy what the copy of its base holds, and moves only its own', async () => {
    const { base, id } = await chain('near');
    const { totals } = world.collected('near', id);
    const own = world.written(id);
    expect(totals.artifacts).toBe(own.length + world.written(base).length);
    expect(world.keys('near', id).filter((key) => key.startsWith(`data/${base}/`))).toEqual([]);
    expect(totals.newBytes).toBeLessThan(totals.storedBytes);
    const verified = await world.holdfast.run('verify', {
      target: 'near',
      backup: id,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test('is copied after its base whose copy is under way, and moves only its own then, too', async () => {
    const [base, id] = [await copiedBackup('far'), await copiedBackup('far')];
    for (const one of [base, id]) world.forgetCopy('far', one);
    world.restOn('far', id, base);
    const commit = holding();
    const collected = new RegExp(`far/${base}/collected\\.json$`);
    world.far.plan({ on: 'PutObject', key: collected, times: ALWAYS, fault: commit.fault });
    world.far.seen.length = 0;
    const first = world.holdfast.run('copy', { target: 'far', backup: base }).catch(causeOf);
    const commits = () => world.far.seen.some(({ key }) => collected.test(key));
    await expect.poll(commits, { timeout: 30_000 }).toBe(true);
    const second = await world.holdfast.start('copy', { target: 'far', backup: id });
    await expect
      .poll(async () => (await second.query<Progress>('progress')).lastError, { timeout: 30_000 })
      .toMatch(new RegExp(`rests on ${base}, which copy/.* is copying`));
    commit.release();
    expect(await first).toMatchObject({ backup: base });
    expect(await second.result()).toMatchObject({ backup: id, warnings: [] });
    expect(world.keys('far', id).filter((key) => key.startsWith(`data/${base}/`))).toEqual([]);
  });

  test('keeps its base from being deleted, and does not keep itself', async () => {
    const { base, id } = await chain('sealed');
    const before = world.written(base);
    const refused = await remove('sealed', base);
    expect(refused).toMatchObject({ type: 'BACKUP_NEEDED' });
    expect(String(refused)).toContain(id);
    expect(world.written(base)).toEqual(before);
    expect(world.keys('sealed', base)).not.toContain('deleting.json');

    expect(await remove('sealed', id)).toMatchObject({ backup: id, product: id });
    expect(world.written(id)).toEqual([]);
    expect(world.written(base)).toEqual(before);
    expect(await remove('sealed', base)).toMatchObject({ backup: base });
  });
});

describe('delete', () => {
  test('removes everything that the product wrote for it and its folder, and nothing else', async () => {
    const [kept, gone] = [await copiedBackup('far'), await copiedBackup('near')];
    const others = () =>
      [...world.near.bucket.objects.keys(), ...world.far.bucket.objects.keys()].filter(
        (key) => !key.includes(gone),
      );
    const before = others();
    const objects = world.keys('near', gone).length;
    const report = await remove('near', gone);
    expect(report).toMatchObject({ backup: gone, target: 'near', product: gone, objects });
    expect(world.written(gone)).toEqual([]);
    expect(world.keys('near', gone)).toEqual([]);
    expect(others()).toEqual(before);
    expect(world.written(kept)).not.toEqual([]);
    expect(await remove('near', gone)).toMatchObject({ type: 'BACKUP_UNKNOWN' });
  });

  test('wants the id twice, and never takes `latest`', async () => {
    const id = await copiedBackup('far');
    const before = world.keys('far', id);
    expect(await remove('far', id, {})).toMatchObject({ type: 'CONFIRM_REQUIRED' });
    expect(await remove('far', id, { confirm: 'far' })).toMatchObject({ type: 'CONFIRM_REQUIRED' });
    expect(await remove('far', 'latest')).toMatchObject({ type: 'INPUT_INVALID' });
    expect(world.keys('far', id)).toEqual(before);
  });

  test('leaves a backup alone that somebody reads', async () => {
    const id = await copiedBackup('far');
    const until = new Date(Date.now() + 60_000).toISOString();
    const reader = 'restore/far/2026-11-20t02-00-00z';
    const lease = { operation: 'restore', workflowId: reader, runId: 'r', until };
    const key = `holdfast/far/${id}/leases/r.json`;
    world.far.bucket.put(key, Buffer.from(JSON.stringify(lease)), {}, false);
    const refused = await remove('far', id);
    expect(refused).toMatchObject({ type: 'LOCK_HELD' });
    expect(String(refused)).toContain(reader);
    expect(world.keys('far', id)).toContain('collected.json');
    expect(world.keys('far', id)).not.toContain('deleting.json');
    world.far.bucket.objects.delete(key);
    expect(await remove('far', id)).toMatchObject({ backup: id });
  });

  test('sees a reader that comes while it begins, and takes it back', async () => {
    const id = await copiedBackup('far');
    const { handle, release } = await beginning(id);
    const until = new Date(Date.now() + 60_000).toISOString();
    const lease = { operation: 'restore', workflowId: 'restore/far/x', runId: 'r', until };
    const key = `holdfast/far/${id}/leases/r.json`;
    world.far.bucket.put(key, Buffer.from(JSON.stringify(lease)), {}, false);
    release();
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'LOCK_HELD' });
    expect(world.keys('far', id)).not.toContain('deleting.json');
    expect(world.keys('far', id)).toContain('backup.json');
  });

  test('sees a backup that comes to rest on it while it begins, and takes it back', async () => {
    const [base, id] = [await copiedBackup('far'), await copiedBackup('far')];
    const key = `holdfast/far/${id}/backup.json`;
    const manifest = world.far.bucket.objects.get(key)!;
    world.far.bucket.objects.delete(key);
    const { handle, release } = await beginning(base);
    world.far.bucket.objects.set(key, manifest);
    world.restOn('far', id, base);
    release();
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'BACKUP_NEEDED' });
    expect(world.keys('far', base)).not.toContain('deleting.json');
    expect(world.keys('far', base)).toContain('backup.json');
  });

  describe('takes back what it began, and leaves the backup as it was,', () => {
    const put = (key: string, content: object) =>
      world.far.bucket.put(key, Buffer.from(JSON.stringify(content)), {}, false);

    test('when it is cancelled before it is sure', async () => {
      const id = await copiedBackup('far');
      const { handle, release } = await beginning(id);
      const looking = holding();
      world.far.plan({ on: 'ListObjectsV2', fault: looking.fault });
      release();
      await expect.poll(() => world.keys('far', id)).toContain('deleting.json');
      await handle.cancel();
      expect(await handle.result().catch(causeOf)).toMatchObject({ name: 'CancelledFailure' });
      looking.release();
      expect(world.keys('far', id)).not.toContain('deleting.json');
      expect(world.keys('far', id)).toContain('backup.json');
    });

    test('also when an attempt of its own that died had begun it', async () => {
      const id = await copiedBackup('far');
      const { handle, release } = await beginning(id);
      const { runId } = await handle.describe();
      put(`holdfast/far/${id}/deleting.json`, { runId });
      const until = new Date(Date.now() + 60_000).toISOString();
      const lease = { operation: 'restore', workflowId: 'restore/far/x', runId: 'r', until };
      put(`holdfast/far/${id}/leases/r.json`, lease);
      release();
      expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'LOCK_HELD' });
      expect(world.keys('far', id)).not.toContain('deleting.json');
    });
  });

  test('goes on with a deletion that ended half-way, which is no backup meanwhile', async () => {
    const id = await copiedBackup('far');
    const fault = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
    for (const on of ['DeleteObjects', 'DeleteObject'] as const) {
      world.far.plan({ on, key: /(^$|data\/)/, times: ALWAYS, fault });
    }
    expect(await remove('far', id)).toMatchObject({ type: 'STORE_DENIED' });
    const look = { target: 'far', backup: id };
    const verified = await world.holdfast.run('verify', look).catch(causeOf);
    expect(verified).toMatchObject({ type: 'BACKUP_UNKNOWN' });
    world.far.calm();
    expect(await remove('far', id)).toMatchObject({ backup: id });
    expect(world.keys('far', id)).toEqual([]);
  });
});
