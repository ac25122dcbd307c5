import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { checkArtifact } from '../../activities/pipeline/check-artifact.ts';
import type { BackupReader } from '../../activities/products/product.ts';
import { checkObjects } from '../../activities/restore/check-objects.ts';
import type { Store } from '../../activities/stores/store.ts';
import { checkQuick } from '../../activities/verify/check-quick.ts';
import { sha256 } from '../pipeline/streams.ts';
import type { KeptObject } from '../simulators/s3/bucket.ts';
import { expectFailure } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';
import { collect, listOf, someBytes } from './sources.ts';

let s3: Awaited<ReturnType<typeof simulatedS3>>;
let store: Store;
beforeAll(async () => {
  s3 = await simulatedS3();
});
beforeEach(async () => {
  s3.simulator.reset();
  store = s3.open();
  await store.put(KEY, BYTES);
});
afterAll(() => s3.close());

const ID = '2026-11-20t02-00-00z-7f3a1c';
const FOLDER = `metrics/${ID}/`;
const KEY = `${FOLDER}data/x.tar`;
const BYTES = someBytes(3000);
const kept = () => s3.simulator.bucket.get(`holdfast/${KEY}`);

const archives: [string, Partial<KeptObject>][] = [
  ['Glacier', { storageClass: 'GLACIER' }],
  ['Deep Archive', { storageClass: 'DEEP_ARCHIVE' }],
  ['an archive, and on its way back', { storageClass: 'GLACIER', broughtBack: 'ongoing' }],
  [
    'the archive of Intelligent-Tiering',
    { storageClass: 'INTELLIGENT_TIERING', archiveStatus: 'ARCHIVE_ACCESS' },
  ],
];

describe.each(archives)('an object in %s', (_, how) => {
  beforeEach(() => void Object.assign(kept(), how));

  it('is told by a look and by a listing, and by a read, which no credentials mend', async () => {
    expect(await store.head(KEY)).toMatchObject({ bytes: 3000, archived: 'yes' });
    expect(await listOf(store.list(FOLDER))).toMatchObject([{ archived: 'perhaps' }]);
    const before = s3.simulator.seen.length;
    const error = await expectFailure(collect(store.read(KEY)), 'OBJECT_ARCHIVED');
    expect(s3.simulator.seen.length - before).toBe(1);
    expect(error.message).toContain(`refused to read ${KEY}: it is archived`);
    expect(error.hint).toContain('restore-object');
    expect(error.retryable).toBe(false);
  });

  it('is a finding of every verification, and no backup that names it is restored', async () => {
    const lines: ObjectLine[] = [
      {
        path: 'data/x.tar',
        bytes: 3000,
        sha256: sha256(BYTES),
        codec: 'identity',
        encrypted: false,
        role: 'shard',
        subject: 'telemetry/shard 1',
      },
    ];
    const { signal } = new AbortController();
    const found = [{ code: 'OBJECT_ARCHIVED', message: expect.stringContaining('data/x.tar') }];
    expect(await checkQuick(store, FOLDER, lines[0]!, signal)).toMatchObject(found);
    const { findings } = await checkArtifact({ store, folder: FOLDER, lines, signal });
    expect(findings).toMatchObject(found);
    const manifest = { target: 'metrics', id: ID } as BackupReader['manifest'];
    const named = { manifest, objects: () => lines };
    const error = await expectFailure(checkObjects(store, named, signal), 'OBJECT_ARCHIVED');
    expect(error.message).toContain(`${KEY} is archived`);
    kept().broughtBack = 'done';
    expect(await checkQuick(store, FOLDER, lines[0]!, signal)).toEqual([]);
    await checkObjects(store, named, signal);
  });

  it('is not copied by the service, which then goes on copying others', async () => {
    const other = s3.open({ name: 'other', prefix: 'other' });
    const error = await expectFailure(other.copyFrom(store, KEY, 't/x'), 'OBJECT_ARCHIVED');
    expect(error.message).toContain(`Store main (s3://backups/holdfast) refused to read ${KEY}`);
    await store.put(`${KEY}2`, BYTES);
    expect(await other.copyFrom(store, `${KEY}2`, 't/y')).toMatchObject({ bytes: 3000 });
  });
});

describe('an object that is served', () => {
  const served: [string, Partial<KeptObject>][] = [
    ['was brought back', { storageClass: 'GLACIER', broughtBack: 'done' }],
    ['is in a class that is read from at once', { storageClass: 'GLACIER_IR' }],
    ['is tiered and at hand', { storageClass: 'INTELLIGENT_TIERING' }],
  ];
  it.each(served)('%s, and is as any other', async (_, how) => {
    Object.assign(kept(), how);
    expect(await store.head(KEY)).not.toHaveProperty('archived');
    expect((await collect(store.read(KEY))).equals(BYTES)).toBe(true);
  });

  it('is in a class of a service that calls it as AWS calls an archive', async () => {
    kept().storageClass = 'GLACIER';
    s3.simulator.bucket.servesAll = true;
    expect(await store.head(KEY)).not.toHaveProperty('archived');
  });
});

describe('the probe', () => {
  const permanence = async () =>
    (await store.probe()).find(({ ability }) => ability === 'permanence');
  const GLACIER = { Transition: { Days: 30, StorageClass: 'GLACIER' } };

  it.each([
    ['removes', { Filter: { Prefix: '' }, Expiration: { Days: 90 } }, 'removes objects after 90'],
    ['archives', { Filter: { Prefix: 'hold' }, ...GLACIER }, 'to GLACIER after 30 days'],
    [
      'archives what is large',
      { Filter: { And: { Prefix: 'holdfast/metrics/', ObjectSizeGreaterThan: 9 } }, ...GLACIER },
      'to GLACIER',
    ],
    ['removes, in the old form', { Prefix: 'holdfast', Expiration: { Days: 1 } }, 'removes'],
  ])('tells of a rule that %s what lies in the store', async (_, rule, told) => {
    s3.simulator.bucket.rules = [{ ID: 'tidy', Status: 'Enabled', ...rule }];
    const found = await permanence();
    expect(found).toMatchObject({ ok: false, level: 'advised' });
    expect(found?.message).toContain('The lifecycle rule "tidy"');
    expect(found?.message).toContain(told);
  });

  it.each([
    ['is off', { Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 90 } }],
    ['is about something else', { Filter: { Prefix: 'logs/' }, Expiration: { Days: 90 } }],
    [
      'is about what bears a tag',
      { Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { Days: 90 } },
    ],
    [
      'removes old versions',
      { Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 9 } },
    ],
    [
      'moves to a class that is read from',
      { Filter: { Prefix: '' }, Transition: { Days: 30, StorageClass: 'STANDARD_IA' } },
    ],
  ])('says nothing of a rule that %s', async (_, rule) => {
    s3.simulator.bucket.rules = [{ ID: 'tidy', Status: 'Enabled', ...rule }];
    expect(await permanence()).toMatchObject({ ok: true });
  });
});
