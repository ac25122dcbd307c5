import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { S3Simulator } from '../simulators/s3/server.ts';
import { ALWAYS, holding } from '../simulators/s3/faults.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
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

async function backup(target: string): Promise<string> {
  const report = await world.holdfast.run('backup', { target });
  return report.backup;
}

const copy = (target: string, id: string) =>
  world.holdfast.run('copy', { target, backup: id }).catch(causeOf);
const body = ({ bucket }: S3Simulator, key: string) => bucket.get(key).body;
const requestsFor = ({ seen }: S3Simulator, operation: string, folder: string) =>
  seen.filter((one) => one.operation === operation && one.key.startsWith(folder)).length;

describe('a copy', () => {
  test.each([
    ['near', 'server-side', ['CopyObject', 'GetObject']],
    ['far', 'streamed', ['PutObject']],
  ] as const)(
    'into the store of %s holds every byte, and leaves nothing else (%s)',
    async (target, method, requests) => {
      const id = await backup(target);
      const report = await world.copied(target, id);
      const written = world.written(id);
      expect(report).toMatchObject({ backup: id, store: target, method, objects: written.length });
      expect(world.collected(target, id)).toMatchObject({
        format: 1,
        method,
        encryption: null,
        totals: { artifacts: written.length, objects: written.length },
      });
      const store = target === 'near' ? world.near : world.far;
      for (const key of written) {
        const copied = body(store, `holdfast/${target}/${id}/data/${key}`);
        expect(copied.equals(body(world.near, `weaviate/${key}`)), key).toBe(true);
      }
      // Nothing is asked about an object that nobody has tried before.
      const asked = store.seen.filter(({ key }) =>
        key.startsWith(`holdfast/${target}/${id}/data/${id}/`),
      );
      expect(asked.map(({ operation }) => operation).toSorted()).toEqual(
        requests.flatMap((operation) => written.map(() => operation)),
      );
      const rest = world.keys(target, id).filter((key) => !key.startsWith('data/'));
      expect(rest).toEqual([
        'backup.json',
        'collected.json',
        'collected.ndjson.gz',
        'objects.ndjson.gz',
        'product.ndjson.gz',
      ]);
      const verified = await world.holdfast.run('verify', { target, backup: id, depth: 'deep' });
      expect(verified).toMatchObject({ ok: true, warnings: [] });
    },
  );

  test('is encrypted where the target has recipients, never copied by the store itself', async () => {
    const id = await backup('sealed');
    expect(await world.copied('sealed', id)).toMatchObject({ method: 'streamed' });
    expect(world.collected('sealed', id).encryption?.recipients).toHaveLength(1);
    for (const key of world.written(id)) {
      const sealed = body(world.far, `holdfast/sealed/${id}/data/${key}.age`);
      expect(sealed.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    }
    const verified = await world.holdfast.run('verify', {
      target: 'sealed',
      backup: id,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, onlyHashed: 0 });
  });

  test('of a backup that is copied says so again, and moves nothing', async () => {
    const id = await backup('far');
    const first = await world.copied('far', id);
    world.far.seen.length = 0;
    expect(await copy('far', id)).toMatchObject({ objects: first.objects, method: 'streamed' });
    expect(requestsFor(world.far, 'PutObject', `holdfast/far/${id}/data/`)).toBe(0);
  });

  test.each(['near', 'far'] as const)(
    'is whole over a store that does not see for a moment what it took (%s)',
    async (target) => {
      const store = target === 'near' ? world.near : world.far;
      const id = await backup(target);
      await world.copied(target, id);
      world.forgetCopy(target, id);
      const key = new RegExp(`holdfast/${target}/${id}/data/`);
      store.bucket.unlisted = key;
      store.plan({
        on: 'HeadObject',
        key,
        fault: { kind: 'answer', status: 404, code: 'NotFound' },
      });
      const report = await copy(target, id);
      store.bucket.unlisted = undefined;
      expect(report).toMatchObject({ objects: world.written(id).length, warnings: [] });
    },
  );

  test('is whole over such a store, also when that was away before', async () => {
    const { far } = world;
    far.bucket.unlisted = /far\/([^/]+)\/data\/\1\//;
    // Four attempts to commit fail, and the fifth does not see what is there.
    const away = { kind: 'answer', status: 500, code: 'InternalError' } as const;
    const unseen = { kind: 'answer', status: 404, code: 'NotFound' } as const;
    far.plan(
      { on: 'PutObject', key: /far\/[^/]+\/leases\//, skip: 2, times: 8, fault: away },
      { on: 'HeadObject', key: far.bucket.unlisted, fault: unseen },
    );
    const id = await backup('far');
    const report = await world.copied('far', id);
    far.bucket.unlisted = undefined;
    expect(report).toMatchObject({ objects: world.written(id).length, warnings: [] });
    const leases = requestsFor(far, 'PutObject', `holdfast/far/${id}/leases/`);
    expect(leases).toBeGreaterThanOrEqual(2 + 8 + 2);
  });

  test.each(['near', 'far'] as const)(
    'goes on from where another one ended, object by object (%s)',
    async (target) => {
      const store = target === 'near' ? world.near : world.far;
      const operation = target === 'near' ? 'CopyObject' : 'PutObject';
      const id = await backup(target);
      await world.copied(target, id);
      world.forgetCopy(target, id);
      const data = `holdfast/${target}/${id}/data/${id}/`;
      const denied = world.written(id).at(-1)!;
      for (const on of ['CopyObject', 'PutObject'] as const) {
        const fault = { kind: 'answer', status: 507, code: 'StorageFull' } as const;
        store.plan({
          on,
          key: new RegExp(`${target}/${id}/data/${denied}$`),
          times: ALWAYS,
          fault,
        });
      }
      expect(await copy(target, id)).toMatchObject({ type: 'STORE_FULL' });
      expect(world.keys(target, id)).not.toContain('collected.json');
      const done = store.bucket.listed(data).length;
      expect(done).toBeGreaterThan(0);

      store.calm();
      store.seen.length = 0;
      expect(await copy(target, id)).toMatchObject({ objects: world.written(id).length });
      expect(requestsFor(store, operation, data)).toBe(world.written(id).length - done);
    },
  );

  test.each(['near', 'far'] as const)(
    'trusts no object that lies there already before it has looked at it (%s)',
    async (target) => {
      const store = target === 'near' ? world.near : world.far;
      const id = await backup(target);
      await world.copied(target, id);
      world.forgetCopy(target, id);
      const [short = '', other = ''] = world.written(id);
      const place = (key: string) => `holdfast/${target}/${id}/data/${key}`;
      const original = (key: string) => body(world.near, `weaviate/${key}`);
      store.bucket.put(place(short), original(short).subarray(1), {}, false);
      store.bucket.put(place(other), Buffer.alloc(original(other).length), {}, false);
      await copy(target, id);
      const verified = await world.holdfast.run('verify', { target, backup: id, depth: 'deep' });
      expect(verified).toMatchObject({ ok: true });
      const lines = world.keys(target, id).filter((key) => key.startsWith(`data/${id}/`));
      expect(lines).toHaveLength(world.written(id).length);
      expect(lines).not.toContain(`data/${short}`);
      expect(lines).not.toContain(`data/${other}`);
    },
  );

  test.each(['near', 'far'] as const)(
    'ends at once, and names the object, when it is not what the product wrote (%s)',
    async (target) => {
      const id = await backup(target);
      await world.copied(target, id);
      const key = world.written(id).at(-1)!;
      const original = body(world.near, `weaviate/${key}`);
      const damages: (() => void)[] = [
        () => world.near.bucket.objects.delete(`weaviate/${key}`),
        () => world.near.bucket.put(`weaviate/${key}`, original.subarray(1), {}, false),
        () => world.near.bucket.put(`weaviate/${key}`, Buffer.alloc(original.length), {}, false),
      ];
      for (const damage of damages) {
        world.forgetCopy(target, id);
        damage();
        const failure = await copy(target, id);
        expect(failure).toMatchObject({ type: 'BACKUP_DAMAGED' });
        expect(String(failure)).toContain(key);
        expect(world.keys(target, id)).not.toContain('collected.json');
      }
    },
  );

  test('is refused for what was never meant', async () => {
    const id = await backup('far');
    const run = (input: object) => world.holdfast.run('copy', input as never).catch(causeOf);
    expect(await run({ target: 'far', backup: id, to: 'near' })).toMatchObject({
      type: 'INPUT_INVALID',
    });
    expect(await run({ target: 'far', backup: '2020-01-01t00-00-00z-000000' })).toMatchObject({
      type: 'BACKUP_UNKNOWN',
    });
    expect(await run({ target: 'fra' })).toMatchObject({ type: 'TARGET_UNKNOWN' });
  });
});

describe('a copy is begun, and is complete, although', () => {
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

  test('the store does not let go of objects', async () => {
    world.far.plan({ on: ['DeleteObject', 'DeleteObjects'], times: ALWAYS, fault: denied });
    const report = await world.holdfast.run('backup', { target: 'far' });
    expect(codes(report.warnings)).toEqual(['FAILED_AFTER_COMMIT']);
    const untidy = {
      code: 'LEFTOVERS',
      message: expect.stringMatching(/^The copy of backup .* is complete, and its plan/) as string,
    };
    const { warnings } = await world.copied('far', report.backup);
    expect(warnings).toContainEqual(untidy);
    expect(world.keys('far', report.backup)).toContain('collected.json');
    const again = await world.holdfast.run('copy', { target: 'far', backup: report.backup });
    expect(again.warnings).toContainEqual(untidy);

    world.far.calm();
    expect(await copy('far', report.backup)).toMatchObject({ warnings: [] });
    expect(world.keys('far', report.backup).filter((key) => /work\/copy/.test(key))).toEqual([]);
  });

  test('the backup did not hear of its own commit', async () => {
    const manifest = /^holdfast\/far\/[^/]+\/backup\.json$/;
    const commit = holding();
    world.far.plan({ on: 'PutObject', key: manifest, fault: commit.fault });
    world.far.seen.length = 0;
    const handle = await world.holdfast.start('backup', { target: 'far' });
    const asked = () =>
      world.far.seen.some(({ operation, key }) => operation === 'PutObject' && manifest.test(key));
    await expect.poll(asked, { timeout: 30_000 }).toBe(true);
    // Asked again once, with fresh credentials.
    world.far.plan({ on: 'HeadObject', key: manifest, times: 2, fault: denied });
    commit.release();
    const report = (await handle.result()) as BackupReport;
    expect(codes(report.warnings)).toEqual(['FAILED_AFTER_COMMIT']);
    await world.copied('far', report.backup);
    expect(world.keys('far', report.backup)).toContain('collected.json');
  });
});

test('of two copies of one backup the slower ends well, too', async () => {
  const id = await backup('far');
  await world.copied('far', id);
  world.forgetCopy('far', id);
  const receipts = new RegExp(`far/${id}/work/copy-[^/]+/receipts/`);
  const slow = holding();
  // The first look for receipts is that of the page, the second that of the commit.
  world.far.plan({ on: 'GetObject', key: receipts, skip: 1, fault: slow.fault });
  world.far.seen.length = 0;
  const slower = copy('far', id);
  const looks = () =>
    world.far.seen.filter(({ operation, key }) => operation === 'GetObject' && receipts.test(key));
  await expect.poll(() => looks().length, { timeout: 30_000 }).toBe(2);
  expect(await copy('far', id)).toMatchObject({ backup: id, warnings: [] });
  slow.release();
  expect(await slower).toMatchObject({ backup: id, objects: world.written(id).length });
});

describe('while a backup has not been copied', () => {
  test.each(['quick', 'deep'] as const)(
    'verify (%s) looks at what the product has, and warns',
    async (depth) => {
      const id = await backup('far');
      await world.copied('far', id);
      world.forgetCopy('far', id);
      const verify = () => world.holdfast.run('verify', { target: 'far', backup: id, depth });
      const report = await verify();
      expect(report).toMatchObject({ ok: true, findings: [] });
      expect(report.warnings.map(({ code }) => code)).toEqual(['SAME_FAILURE_DOMAIN']);

      const [gone = '', short = '', other = ''] = world.written(id);
      const original = (key: string) => body(world.near, `weaviate/${key}`);
      world.near.bucket.put(`weaviate/${short}`, original(short).subarray(1), {}, false);
      world.near.bucket.put(`weaviate/${other}`, Buffer.alloc(original(other).length), {}, false);
      world.near.bucket.objects.delete(`weaviate/${gone}`);
      const { ok, findings } = await verify();
      expect(ok).toBe(false);
      expect(findings.map(({ code, object }) => [code, object])).toEqual(
        expect.arrayContaining([
          ['OBJECT_MISSING', expect.stringContaining(gone)],
          ['BACKUP_DAMAGED', expect.stringContaining(short)],
          ['BACKUP_DAMAGED', expect.stringContaining(other)],
        ]),
      );
      expect(findings).toHaveLength(3);
    },
  );
});
