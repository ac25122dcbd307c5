import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { call, classesOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: CopyWorld;
let backup: string;
beforeAll(async () => {
  world = await startCopyWorld();
  ({ backup } = await world.holdfast.run('backup', { target: 'near' }));
  await world.copied('near', backup);
});
afterAll(() => world?.stop());

const OF_NOTES = /\/Note\/chunk/;
const restore = () =>
  world.holdfast
    .run('restore', { target: 'near', backup, select: { classes: ['Note'] } })
    .catch(causeOf);
/** Of what the database wrote, or of its copy. */
function archive(keys: string[]): string {
  const key = keys.find((one) => OF_NOTES.test(one)) ?? '';
  world.near.bucket.get(key).storageClass = 'GLACIER';
  return key;
}

test('what the database could not read is found before the database is asked to restore it', async () => {
  await call(world.database.url, 'DELETE', '/v1/schema/Note');
  const key = archive(world.written(backup).map((one) => `weaviate/${one}`));
  const failure = await restore();
  expect(failure).toMatchObject({ type: 'OBJECT_ARCHIVED' });
  expect((failure as Error).message).toContain(`${key} is archived`);
  expect(await classesOf(world.database.url)).toEqual(['Article']);
  const asked = world.database.requests.filter(({ path }) => path.endsWith('/restore'));
  expect(asked).toEqual([]);

  world.near.bucket.get(key).broughtBack = 'done';
  expect(await restore()).toMatchObject({ restored: [expect.stringContaining('Note')] });
});

test('what the database wrote and cannot be read is not copied, and no damage is made of it', async () => {
  const { backup: second } = await world.holdfast.run('backup', { target: 'near' });
  await world.copied('near', second);
  world.forgetCopy('near', second);
  const key = archive(world.written(second).map((one) => `weaviate/${one}`));
  const copy = () => world.holdfast.run('copy', { target: 'near', backup: second }).catch(causeOf);
  const failure = await copy();
  expect(failure).toMatchObject({ type: 'OBJECT_ARCHIVED' });
  expect((failure as Error).message).toContain(key.replace('weaviate/', ''));
  const { ok, findings } = await world.holdfast.run('verify', { target: 'near', backup: second });
  expect({ ok, codes: findings.map(({ code }) => code) }).toEqual({
    ok: false,
    codes: ['OBJECT_ARCHIVED'],
  });
  world.near.bucket.get(key).broughtBack = 'done';
  expect(await copy()).toMatchObject({ backup: second });
});

test('what an earlier attempt of a copy left, and was archived since, is copied once more', async () => {
  world.forgetCopy('near', backup);
  const [left = ''] = world.written(backup);
  const key = `holdfast/near/${backup}/data/${left}`;
  world.near.bucket.put(key, world.near.bucket.get(`weaviate/${left}`).body, {}, false);
  world.near.bucket.get(key).storageClass = 'GLACIER';
  const written = world.written(backup).length;
  const report = await world.holdfast.run('copy', { target: 'near', backup });
  expect(report).toMatchObject({ objects: written, method: 'server-side', warnings: [] });
  expect(world.keys('near', backup)).not.toContain(`data/${left}`);
  const verified = await world.holdfast.run('verify', { target: 'near', backup, depth: 'deep' });
  expect(verified).toMatchObject({ ok: true, findings: [] });
});
