import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CollectedLine } from '../../activities/catalog/collected.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

let world: CopyWorld;

beforeAll(async () => {
  world = await startCopyWorld();
});
afterAll(() => world?.stop());

type Target = 'near' | 'far' | 'sealed';

const bucketOf = (target: Target) => (target === 'near' ? world.near : world.far).bucket;
const copy = (target: Target, backup: string) => world.holdfast.run('copy', { target, backup });
const verify = (target: Target, backup: string) =>
  world.holdfast.run('verify', { target, backup, depth: 'deep' });
const codes = (warnings: Warning[]) => warnings.map(({ code }) => code);
const place = (target: Target, backup: string, file: string) =>
  `holdfast/${target}/${backup}/${file}`;
const data = (target: Target, backup: string) => place(target, backup, `data/${backup}/`);

async function copied(target: Target): Promise<string> {
  const { backup } = await world.holdfast.run('backup', { target });
  await world.copied(target, backup);
  return backup;
}

/** Objects of a copy, with their keys. */
const objectsOf = (target: Target, backup: string) =>
  bucketOf(target)
    .listed(data(target, backup))
    .map(([key]) => key);

function alter(target: Target, key: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = Buffer.from(bucketOf(target).get(key).body);
  bucketOf(target).put(key, change(bytes), {}, false);
}

/** Whether every object that a copy names is what the database wrote. */
function expectOriginal(target: Target, backup: string): void {
  const list = place(target, backup, world.collected(target, backup).objects.path);
  const lines = gunzipSync(bucketOf(target).get(list).body).toString().trimEnd().split('\n');
  for (const { path, key } of lines.map((line) => JSON.parse(line) as CollectedLine)) {
    const { body } = bucketOf(target).get(place(target, backup, path));
    expect(body.equals(world.near.bucket.get(`weaviate/${key}`).body), path).toBe(true);
  }
}

const flipped = (bytes: Buffer) => {
  bytes[0]! ^= 1;
  return bytes;
};

/** One object is gone, one is cut short, and one has other bytes, as a verification has found. */
async function damage(target: Target, backup: string): Promise<void> {
  const [gone = '', short = '', other = ''] = objectsOf(target, backup);
  bucketOf(target).objects.delete(gone);
  alter(target, short, (bytes) => bytes.subarray(1));
  alter(target, other, flipped);
  expect(await verify(target, backup)).toMatchObject({ ok: false });
}

describe('the copy of a backup that the database still has', () => {
  test.each(['near', 'far', 'sealed'] as const)(
    'is made whole again where its objects were damaged (%s)',
    async (target) => {
      const backup = await copied(target);
      const before = world.collected(target, backup);
      await damage(target, backup);
      const report = await copy(target, backup);
      expect(report.objects).toBe(before.totals.artifacts);
      expect(report.warnings).toEqual([
        {
          code: 'COPY_DAMAGED',
          message: expect.stringContaining(
            `of ${report.objects} objects 3 are damaged or missing`,
          ) as string,
          subject: backup,
        },
      ]);
      expect(await verify(target, backup)).toMatchObject({ ok: true, warnings: [] });
      expect(world.collected(target, backup)).toMatchObject({
        mended: true,
        method: before.method,
        totals: before.totals,
      });
      expect(world.keys(target, backup).filter((key) => key.startsWith('work/'))).toEqual([]);

      // It is whole now: nothing is left to do.
      const after = world.collected(target, backup);
      expect(await copy(target, backup)).toMatchObject({ warnings: [] });
      expect(world.collected(target, backup)).toEqual(after);
    },
  );

  test.each(['collected.json', 'collected.ndjson.gz'])(
    'is made anew where its %s cannot be read',
    async (file) => {
      const backup = await copied('far');
      alter('far', place('far', backup, file), flipped);
      const { warnings } = await copy('far', backup);
      expect(codes(warnings)).toEqual(['COPY_DAMAGED']);
      expect(warnings[0]?.message).toContain('cannot be read');
      expect(await verify('far', backup)).toMatchObject({ ok: true, warnings: [] });
    },
  );

  test.each(['near', 'far'] as const)(
    'is made anew where it cannot be read, and no object counts because it is as long as it was (%s)',
    async (target) => {
      const backup = await copied(target);
      alter(target, place(target, backup, 'collected.json'), flipped);
      // As on a disk that loses bits: the store tells of it what it told when it was written.
      const rotten = bucketOf(target).get(objectsOf(target, backup)[0] ?? '');
      rotten.body = flipped(Buffer.from(rotten.body));
      await copy(target, backup);
      expect(await verify(target, backup)).toMatchObject({ ok: true, warnings: [] });
      expectOriginal(target, backup);
    },
  );

  test('keeps what others name of it, whoever may read it now', async () => {
    const base = await copied('sealed');
    const leaf = await copied('sealed');
    world.restOn('sealed', leaf, base);
    world.forgetCopy('sealed', leaf);
    await copy('sealed', leaf);
    const [gone = ''] = objectsOf('sealed', base);
    const there = objectsOf('sealed', base).slice(1);
    bucketOf('sealed').objects.delete(gone);

    await copy('sealed', base);
    // Encrypted once more it is other bytes: never under the name by which the leaf knows it.
    expect(objectsOf('sealed', base)).toEqual(expect.arrayContaining(there));
    expect(objectsOf('sealed', base)).not.toContain(gone);
    expect(await verify('sealed', base)).toMatchObject({ ok: true });

    expect(codes((await copy('sealed', leaf)).warnings)).toEqual(['COPY_DAMAGED']);
    expect(await verify('sealed', leaf)).toMatchObject({ ok: true });
  });
});

test('a damaged copy that cannot be mended is never called whole, and loses nothing more', async () => {
  const backup = await copied('far');
  const before = world.collected('far', backup);
  const [first = '', ...others] = objectsOf('far', backup);
  bucketOf('far').objects.delete(first);
  const original = first.slice(place('far', backup, 'data/').length);
  const kept = world.near.bucket.get(`weaviate/${original}`).body;
  world.near.bucket.objects.delete(`weaviate/${original}`);
  const run = await world.holdfast.start('copy', { target: 'far', backup });
  expect(await run.result().catch(causeOf)).toMatchObject({
    type: 'BACKUP_DAMAGED',
    message: expect.stringContaining(original) as string,
  });
  const { warnings } = await run.query<{ warnings: Warning[] }>('progress');
  expect(codes(warnings)).toContain('COPY_DAMAGED');
  expect(world.collected('far', backup)).toEqual(before);
  expect(objectsOf('far', backup)).toEqual(others);

  world.near.bucket.put(`weaviate/${original}`, kept, {}, false);
  expect(codes((await copy('far', backup)).warnings)).toEqual(['COPY_DAMAGED']);
  expect(await verify('far', backup)).toMatchObject({ ok: true });
});

/** A copy that has moved what it must, and waits with keeping its receipts. It ends as what failed. */
async function heldAtReceipts(backup: string) {
  const receipts = holding();
  const key = new RegExp(`far/${backup}/work/copy-[^/]+/receipts/`);
  world.far.plan({ on: 'PutObject', key, fault: receipts.fault });
  world.far.seen.length = 0;
  const first = copy('far', backup).catch(causeOf);
  const asked = () =>
    world.far.seen.some((one) => one.operation === 'PutObject' && key.test(one.key));
  await expect.poll(asked, { timeout: 30_000 }).toBe(true);
  return { first, release: receipts.release };
}

test('a copy that lost more while it was mended is not called whole, also where its end comes in two attempts', async () => {
  const backup = await copied('far');
  const before = world.collected('far', backup);
  const [gone = '', next = ''] = objectsOf('far', backup);
  bucketOf('far').objects.delete(gone);
  const { first, release } = await heldAtReceipts(backup);
  bucketOf('far').objects.delete(next);
  // What it worked with is gone, and it does not hear so.
  world.far.plan({ on: 'DeleteObjects', times: 2, fault: { kind: 'lost-answer' } });
  release();
  expect(await first).toMatchObject({ type: 'BACKUP_INCOMPLETE' });
  expect(world.collected('far', backup)).toEqual(before);

  expect(codes((await copy('far', backup)).warnings)).toEqual(['COPY_DAMAGED']);
  expect(await verify('far', backup)).toMatchObject({ ok: true });
});

test.each(['far', 'sealed'] as const)(
  'a copy that is made anew, since it was lost, leaves what others name of the first one (%s)',
  async (target) => {
    const base = await copied(target);
    const leaf = await copied(target);
    world.restOn(target, leaf, base);
    world.forgetCopy(target, leaf);
    await copy(target, leaf);
    const named = objectsOf(target, base);
    bucketOf(target).objects.delete(place(target, base, 'collected.json'));
    await copy(target, base);
    expect(objectsOf(target, base)).toEqual(expect.arrayContaining(named));
    for (const one of [base, leaf]) {
      expect(await verify(target, one)).toMatchObject({ ok: true, warnings: [] });
    }
  },
);

test.each(['near', 'far'] as const)(
  'a copy that is made anew takes over what is there, and writes none of it once more (%s)',
  async (target) => {
    const backup = await copied(target);
    const { bucket } = target === 'near' ? world.near : world.far;
    const before = objectsOf(target, backup);
    bucket.objects.delete(place(target, backup, 'collected.json'));
    bucket.writes.clear();
    // Some that heed it when they are sent an object overlook it when they copy one.
    const fault = { kind: 'ignored-header', header: 'if-none-match' } as const;
    world.near.plan({ on: 'CopyObject', times: ALWAYS, fault });
    expect(await copy(target, backup)).toMatchObject({ warnings: [] });
    world.near.calm();
    expect(objectsOf(target, backup)).toEqual(before);
    expect([...bucket.writes.keys()].filter((key) => key.includes('/data/'))).toEqual([]);
  },
);

test('what attempts that lost left of a copy stays where nobody knows whether another backup names it, and nothing else', async () => {
  const other = await copied('near');
  const backup = await copied('near');
  world.forgetCopy('near', backup);
  const stray = `${data('near', backup)}stray`;
  bucketOf('near').put(stray, Buffer.from('x'), {}, false);
  const manifest = place('near', other, 'backup.json');
  alter('near', manifest, flipped);
  expect(await copy('near', backup)).toMatchObject({ warnings: [] });
  expect(world.keys('near', backup).filter((key) => key.startsWith('work/'))).toEqual([]);
  expect(objectsOf('near', backup)).toContain(stray);

  alter('near', manifest, flipped);
  await copy('near', backup);
  expect(objectsOf('near', backup)).not.toContain(stray);
});

describe('the copy of a backup that rests on another one', () => {
  test('takes what the copy of the base lost from the database, and says so', async () => {
    const base = await copied('far');
    const leaf = await copied('far');
    world.restOn('far', leaf, base);
    world.forgetCopy('far', leaf);
    alter('far', place('far', base, 'collected.json'), flipped);
    const { warnings } = await copy('far', leaf);
    expect(codes(warnings)).toEqual(['COPY_DAMAGED']);
    expect(warnings[0]?.message).toContain(`holdfast copy far ${base}`);
    expect(await verify('far', leaf)).toMatchObject({ ok: true, warnings: [] });
  });

  test('does so object by object, and at the next try what was lost under way', async () => {
    const base = await copied('far');
    const leaf = await copied('far');
    world.restOn('far', leaf, base);
    world.forgetCopy('far', leaf);
    const [gone = '', next = ''] = objectsOf('far', base);
    bucketOf('far').objects.delete(gone);
    const { first, release } = await heldAtReceipts(leaf);
    bucketOf('far').objects.delete(next);
    release();
    expect(await first).toMatchObject({ type: 'BACKUP_DAMAGED' });

    expect(await copy('far', leaf)).toMatchObject({ backup: leaf });
    expect(await verify('far', leaf)).toMatchObject({ ok: true });
  });

  test('is not called sound because the base was mended: it names what was damaged', async () => {
    const base = await copied('far');
    const leaf = await copied('far');
    world.restOn('far', leaf, base);
    world.forgetCopy('far', leaf);
    await copy('far', leaf);
    const [other = ''] = objectsOf('far', base);
    alter('far', other, flipped);
    expect(await verify('far', base)).toMatchObject({ ok: false });
    expect(codes((await copy('far', base)).warnings)).toEqual(['COPY_DAMAGED']);
    // Twice, for the second one passes on what the first one left.
    expect(await verify('far', base)).toMatchObject({ ok: true });
    expect(await verify('far', base)).toMatchObject({ ok: true });
    expect(await latest()).not.toBe(leaf);

    expect(codes((await copy('far', leaf)).warnings)).toEqual(['COPY_DAMAGED']);
    expect(await latest()).toBe(leaf);
    expect(await verify('far', leaf)).toMatchObject({ ok: true });
  });
});

/** What a restore of the target `far` takes. */
async function latest(): Promise<string> {
  const replacing = { onConflict: 'replace', confirm: 'far', dryRun: true } as const;
  return (await world.holdfast.run('restore', { target: 'far', ...replacing })).plan.backup;
}
