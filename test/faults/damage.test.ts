import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseManifest } from '../../activities/catalog/read-manifest.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import { crc32Of } from '../simulators/s3/bucket.ts';
import { audit } from './audit.ts';
import { ending } from './following.ts';
import { bucketsOf, setStage, type Stage } from './stage.ts';

let stage: Stage;
let backup: BackupReport;
let kept: [string, Buffer][];
let buckets: string[];

const SHARDS = 4;
const WHOLE = { confirm: 'spare', safetyBackup: false };
const BUCKET = { select: { buckets: ['telemetry'] }, rename: { 'acme/': 'other' } };

beforeAll(async () => {
  stage = await setStage({ shards: SHARDS });
  backup = await stage.holdfast.run('backup', { target: 'remote' });
  kept = [...stage.s3.bucket.objects].map(([key, { body }]) => [key, body]);
  buckets = bucketsOf(stage.spare);
});
afterAll(() => stage?.stop());
afterEach(() => {
  for (const key of stage.s3.bucket.objects.keys()) stage.s3.bucket.objects.delete(key);
  for (const [key, body] of kept) stage.s3.bucket.put(key, body, {}, false);
  stage.s3.bucket.writes.clear();
});

const restore = async (request: object) =>
  ending(
    await stage.holdfast.start('restore', {
      target: 'remote',
      backup: backup.backup,
      into: 'spare',
      ...request,
    }),
  );
const verify = async (depth: 'quick' | 'deep') =>
  ending(await stage.holdfast.start('verify', { target: 'remote', backup: backup.backup, depth }));

const OBJECTS: [string, RegExp, object][] = [
  ['the list of objects', /objects\.ndjson\.gz$/, BUCKET],
  ['a shard', /\.3\.tar$/, BUCKET],
  ['the manifest of the official tool', /\.manifest$/, BUCKET],
  ['the metadata', /\.bolt$/, WHOLE],
  ['the other metadata', /\.sqlite$/, WHOLE],
];

describe('one bit that has turned', () => {
  test.each(OBJECTS)('in %s is found by a deep verification', async (_, wanted) => {
    const key = keyOf(wanted);
    stage.s3.flipBit(key, middle(key));
    const { status, report } = await verify('deep');
    expect(status).toBe('COMPLETED');
    expect(report).toMatchObject({ ok: false, findings: [{ code: 'BACKUP_DAMAGED' }] });
    expect(JSON.stringify(report['findings'])).toContain(key.slice(key.lastIndexOf('/') + 1));
    const latest = await restore({ ...BUCKET, backup: 'latest' });
    expect(latest).toMatchObject({ code: 'BACKUP_UNKNOWN' });
    expect(latest.message).toContain(backup.backup);
  });

  test.each(OBJECTS)('in %s is not restored', async (_, wanted, request) => {
    const key = keyOf(wanted);
    stage.s3.flipBit(key, middle(key));
    const end = await restore(request);
    expect(end).toMatchObject({ status: 'FAILED', code: 'BACKUP_DAMAGED' });
    expect(end.message).toContain(key.slice(key.lastIndexOf('/') + 1));
    expect(bucketsOf(stage.spare)).toEqual(buckets);
  });

  test('in any byte of the manifest is noticed, or changes nothing', () => {
    const bytes = stage.s3.bucket.get(keyOf(/backup\.json$/)).body;
    const original = parseManifest(JSON.parse(bytes.toString()), 'here');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      let read: unknown;
      try {
        read = parseManifest(JSON.parse(changed.toString()), 'here');
      } catch {
        continue;
      }
      expect({ ...(read as object), digest: original.digest }).toEqual(original);
    }
  });

  test('in the manifest is found by a verification and by a restore', async () => {
    const key = keyOf(/backup\.json$/);
    stage.s3.flipBit(key, stage.s3.bucket.get(key).body.indexOf('2.9.1'));
    expect((await verify('quick')).report).toMatchObject({
      ok: false,
      findings: [{ code: 'BACKUP_DAMAGED', message: expect.stringContaining('backup.json') }],
    });
    expect(await restore(BUCKET)).toMatchObject({ status: 'FAILED', code: 'BACKUP_DAMAGED' });
  });
});

describe('an object that is not there any more', () => {
  test.each(OBJECTS)(
    '%s: is found by a quick verification, and not restored',
    async (_, wanted) => {
      stage.s3.bucket.objects.delete(keyOf(wanted));
      expect((await verify('quick')).report).toMatchObject({ ok: false });
      const end = await restore(BUCKET);
      expect(end).toMatchObject({ status: 'FAILED', code: 'BACKUP_DAMAGED' });
      expect(end.message).toMatch(/is missing/);
      expect(
        stage.spare.state.metadata.buckets.filter(({ name }) => name.includes('restoring')),
      ).toEqual([]);
    },
  );
});

test('an object replaced by other bytes of its length is found by a quick verification', async () => {
  const object = stage.s3.bucket.get(keyOf(/\.3\.tar$/));
  object.crc32 = crc32Of(object.body);
  expect((await verify('quick')).report).toMatchObject({ ok: true });
  const body = Buffer.from(object.body).fill(0, 0, 512);
  Object.assign(object, { body, crc32: crc32Of(body) });
  expect((await verify('quick')).report).toMatchObject({
    ok: false,
    findings: [{ code: 'BACKUP_DAMAGED', message: expect.stringContaining('another checksum') }],
  });
});

describe('an object that the store keeps and does not serve', () => {
  test('is found by every verification, and no server is replaced by what cannot be read', async () => {
    stage.s3.bucket.get(keyOf(/\.3\.tar$/)).storageClass = 'DEEP_ARCHIVE';
    for (const depth of ['quick', 'deep'] as const) {
      expect((await verify(depth)).report).toMatchObject({
        ok: false,
        findings: [{ code: 'OBJECT_ARCHIVED' }],
      });
    }
    const end = await restore(WHOLE);
    expect(end).toMatchObject({ status: 'FAILED', code: 'OBJECT_ARCHIVED' });
    expect(end.message).toMatch(/\.3\.tar is archived, and store \S+ does not serve it/);
    expect(bucketsOf(stage.spare)).toEqual(buckets);
  });

  test('is found where it is the list of objects, or the manifest', async () => {
    for (const wanted of [/objects\.ndjson\.gz$/, /backup\.json$/]) {
      stage.s3.bucket.get(keyOf(wanted)).storageClass = 'GLACIER';
      const { report } = await verify('quick');
      expect(report).toMatchObject({ ok: false, findings: [{ code: 'BACKUP_DAMAGED' }] });
      expect(JSON.stringify(report['findings'])).toMatch(/is archived/);
      expect(await restore(WHOLE)).toMatchObject({ status: 'FAILED', code: 'BACKUP_DAMAGED' });
    }
    expect(bucketsOf(stage.spare)).toEqual(buckets);
  });
});

describe('a manifest', () => {
  test('of a newer Holdfast stops verification and restore with one sentence', async () => {
    change((manifest) => ({ ...manifest, format: 2 }));
    const end = await restore(BUCKET);
    expect(end).toMatchObject({ code: 'BACKUP_FORMAT_NEWER' });
    expect(end.message).toMatch(/format 2/);
    expect(await verify('deep')).toMatchObject({ status: 'FAILED', code: 'BACKUP_FORMAT_NEWER' });
  });

  test('of another backup is refused', async () => {
    change((manifest) => ({ ...manifest, target: 'elsewhere' }));
    expect(await restore(BUCKET)).toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  test('of another product is not restored', async () => {
    change((manifest) => ({
      ...manifest,
      product: { name: 'weaviate', version: '1', identity: '' },
    }));
    const end = await restore(BUCKET);
    expect(end).toMatchObject({ code: 'BACKUP_OF_OTHER_PRODUCT' });
    expect(end.message).toMatch(/weaviate/);
  });

  test('with fields that this version does not know is read all the same', async () => {
    change((manifest) => ({ ...manifest, novelty: true }));
    expect((await verify('deep')).report).toMatchObject({ ok: true });
  });
});

test('a whole backup passes, and nothing of the looking is left', async () => {
  expect((await verify('deep')).report).toMatchObject({ ok: true, findings: [] });
  expect((await audit(stage)).problems).toEqual([]);
});

function keyOf(wanted: RegExp): string {
  const key = [...stage.s3.bucket.objects.keys()].find((one) => wanted.test(one));
  if (key === undefined) throw new Error(`No object is like ${String(wanted)}.`);
  return key;
}

function middle(key: string): number {
  return Math.floor(stage.s3.bucket.get(key).body.length / 2);
}

/** Changes a manifest as its owner might: without the digest, which would tell. */
function change(how: (manifest: Record<string, unknown>) => object): void {
  const key = keyOf(/backup\.json$/);
  const manifest = JSON.parse(stage.s3.bucket.get(key).body.toString()) as Record<string, unknown>;
  delete manifest['digest'];
  stage.s3.bucket.put(key, Buffer.from(JSON.stringify(how(manifest))), {}, false);
}
