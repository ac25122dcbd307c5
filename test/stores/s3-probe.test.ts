import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProbeFinding, Store } from '../../activities/stores/store.ts';
import { ALWAYS, type Fault, type Operation } from '../simulators/s3/faults.ts';
import type { Policy } from '../simulators/s3/policy.ts';
import type { S3Simulator } from '../simulators/s3/server.ts';
import { policiesIn, without } from '../support/policies.ts';
import { expectFailure } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';
import { answer, LONG } from './s3-under-fault.ts';
import { someBytes, stream } from './sources.ts';

/** For each test its own: abilities are remembered for a worker's life. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
let store: Store;
beforeEach(async () => {
  s3 = await simulatedS3();
  store = s3.open();
  s3.simulator.bucket.rules = [ENDS_UPLOADS];
});
afterEach(() => s3.close());

const ENDS_UPLOADS = {
  ID: 'tidy',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};
const IF_NONE_MATCH: Fault = { kind: 'ignored-header', header: 'if-none-match' };

it('a store that is able to do everything passes, and nothing is left there', async () => {
  const findings = await store.probe();
  expect(findings.filter(({ ok, noted }) => !ok || noted)).toEqual([]);
  expect(findings.map(({ ability }) => ability)).toEqual([
    'reach',
    'write',
    'read',
    'create once',
    'upload in parts',
    'complete once',
    'abort an upload',
    'list open uploads',
    'list',
    'checksums',
    'remove',
    'lifecycle',
    'permanence',
    'versions',
  ]);
  expect([...s3.simulator.bucket.objects.keys()]).toEqual([]);
  expect(s3.simulator.bucket.uploads.size).toBe(0);
});

const always =
  (on: Operation | Operation[], fault: Fault, key?: RegExp, skip = 0) =>
  (simulator: S3Simulator) =>
    simulator.plan({ on, fault, times: ALWAYS, skip, ...(key && { key }) });

const lacking: [string, ProbeFinding['level'], string, (simulator: S3Simulator) => void][] = [
  ['reach', 'required', 'no such bucket', (simulator) => simulator.dropBucket(true)],
  ['write', 'required', 'access denied', always('PutObject', answer(403, 'AccessDenied'))],
  [
    'read',
    'required',
    'an object has another length than it had',
    always('PutObject', { kind: 'stored-framed' }),
  ],
  [
    'read',
    'required',
    'where a range was asked for',
    always('GetObject', { kind: 'ignored-range' }),
  ],
  [
    'create once',
    'required',
    'an object was overwritten',
    // The first is the object, the second the proof that the condition is obeyed.
    always('PutObject', IF_NONE_MATCH, /small/, 2),
  ],
  [
    'upload in parts',
    'required',
    'it answered 400',
    always('UploadPart', { kind: 'stored-framed' }),
  ],
  [
    'complete once',
    'required',
    'access denied',
    always('UploadPart', answer(403, 'AccessDenied'), /parts/, 2),
  ],
  [
    'abort an upload',
    'required',
    'an aborted upload stays open',
    always('AbortMultipartUpload', { kind: 'pretends', status: 204 }, /aborted/),
  ],
  [
    'abort an upload',
    'required',
    'access denied',
    always('ListMultipartUploads', answer(403, 'AccessDenied')),
  ],
  [
    'list open uploads',
    'advised',
    'those of a worker that died cannot be found',
    ({ bucket }) => (bucket.unlisted = /aborted/),
  ],
  ['list', 'required', 'a listing is not complete', ({ bucket }) => (bucket.unlisted = /small/)],
  [
    'list',
    'required',
    'it answered 501',
    // The first two are of the folder.
    always('ListObjectsV2', answer(501, 'NotImplemented'), undefined, 2),
  ],
  [
    'checksums',
    'advised',
    'a body was taken whose CRC32 was wrong',
    always('PutObject', { kind: 'ignored-header', header: 'x-amz-checksum-crc32' }, /garbled/),
  ],
  ['remove', 'required', 'AccessDenied', ({ bucket }) => (bucket.locked = /small/)],
  [
    'remove',
    'required',
    'a removed object stays',
    always(['DeleteObject', 'DeleteObjects'], { kind: 'pretends', status: 204 }),
  ],
  ['lifecycle', 'advised', 'has no rule that ends', ({ bucket }) => (bucket.rules = [])],
  [
    'lifecycle',
    'advised',
    'access denied',
    always('GetBucketLifecycleConfiguration', answer(403, 'AccessDenied')),
  ],
  [
    'permanence',
    'advised',
    'removes objects after 1 days',
    ({ bucket }) => bucket.rules.push({ ...ENDS_UPLOADS, Expiration: { Days: 1 } }),
  ],
  [
    'versions',
    'advised',
    'access denied',
    always('GetBucketVersioning', answer(403, 'AccessDenied')),
  ],
];

it.each(lacking)('the probe finds a lack of `%s` (%s): %s', async (...row) => {
  const [ability, level, told, misbehave] = row;
  misbehave(s3.simulator);
  const failed = (await store.probe()).filter(({ ok }) => !ok);
  expect(failed).toEqual([{ ability, ok: false, level, message: expect.stringContaining(told) }]);
});

it('finds nothing to tell of a store that lists open uploads by whole keys alone', async () => {
  const { bucket } = s3.simulator;
  bucket.uploadsByWholeKey = true;
  const strange = bucket.begin('others/and-their/upload', {});
  expect((await store.probe()).filter(({ ok, noted }) => !ok || noted)).toEqual([]);
  expect([...bucket.uploads.values()]).toEqual([strange]);
});

it('leaves no upload open where they may not be listed', async () => {
  always('ListMultipartUploads', answer(403, 'AccessDenied'))(s3.simulator);
  await store.probe();
  expect(s3.simulator.bucket.uploads.size).toBe(0);
});

it('notes that the bucket keeps versions', async () => {
  s3.simulator.bucket.versioned = true;
  const found = (await store.probe()).find(({ ability }) => ability === 'versions');
  expect(found).toMatchObject({ ok: true, noted: true });
});

describe('a store that obeys `If-None-Match` for an object in one piece, and not for one in parts', () => {
  beforeEach(() => always('CompleteMultipartUpload', IF_NONE_MATCH)(s3.simulator));
  const KEY = 'metrics/x';
  const kept = () => s3.simulator.bucket.get(`holdfast/${KEY}`).body;

  it.each(['put', 'create'] as const)('overwrites nothing that was there by `%s`', async (how) => {
    const [first, second] = [someBytes(LONG), someBytes(LONG)];
    await store.put('warm/up', Buffer.from('x'));
    if (how === 'put') await store.put(KEY, first);
    else await store.create(KEY, stream(first));
    await expectFailure(store.create(KEY, stream(second)), 'OBJECT_EXISTS');
    expect(kept().equals(first)).toBe(true);
  });

  it('is noted by the probe, and told nothing more of the condition there', async () => {
    const found = await store.probe();
    expect(found.find(({ ability }) => ability === 'create once')).not.toHaveProperty('noted');
    const once = found.find(({ ability }) => ability === 'complete once');
    expect(once).toMatchObject({ ok: true, noted: true });
    expect(once?.message).toContain('does not obey `If-None-Match` for what is uploaded in parts');
    await store.create(KEY, stream(someBytes(LONG)));
    await expectFailure(store.create(KEY, stream(someBytes(LONG))), 'OBJECT_EXISTS');
  });
});

it('a store that was seen to obey it for uploads in parts is not looked at before each', async () => {
  const heads = () => s3.simulator.seen.filter(({ operation }) => operation === 'HeadObject');
  await store.create('metrics/1', stream(someBytes(LONG)));
  expect(heads()).toHaveLength(2);
  await store.probe();
  s3.simulator.seen.length = 0;
  await store.create('metrics/2', stream(someBytes(LONG)));
  expect(heads()).toHaveLength(1);
});

it('the policy that the operations page gives is enough, and needs each of its actions', async () => {
  const { simulator } = s3;
  const [policy] = policiesIn('docs/operations.md').map(
    (one) =>
      JSON.parse(JSON.stringify(one).replaceAll('acme-backups', simulator.bucketName)) as Policy,
  );
  const refused = async (allowed: Policy) => {
    simulator.allowOnly('a-key', allowed);
    return (await s3.open().probe()).filter(({ ok }) => !ok).map(({ ability }) => ability);
  };
  expect(await refused(policy!)).toEqual([]);
  for (const action of policy!.Statement.flatMap(({ Action }) => Action)) {
    expect(await refused(without(policy!, action)), action).not.toEqual([]);
  }
});
