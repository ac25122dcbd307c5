import { expect, it } from 'vitest';
import { partSizes } from '../../activities/stores/s3/part-sizes.ts';
import { Bucket } from '../simulators/s3/bucket.ts';
import { simulatedS3 } from './s3-simulator.ts';
import { someBytes, stream } from './sources.ts';

const MiB = 1024 ** 2;
const GiB = 1024 * MiB;
const endpoint = 'https://account.r2.cloudflarestorage.com';

const cases: [string, Parameters<typeof partSizes>[1], number | undefined, number, number][] = [
  ['a stream of unknown length', { endpoint }, undefined, 16, 15.6],
  ['one that is said to be short', { endpoint }, 1, 16, 15.6],
  ['one that is said to be long', { endpoint }, 34 * GiB, 35, 34],
  ['one that is said to be too long', { endpoint }, 900 * GiB, 64, 62],
  ['a limit that was set', { endpoint, maxObjectSize: 30 * GiB }, undefined, 31, 30],
  ['as many parts as S3 takes', { endpoint, maxParts: 10_000 }, undefined, 16, 156],
  ['a size that was set', { endpoint, partSize: 8 * MiB }, undefined, 8, 7.8],
];

it.each(cases)('with an endpoint all parts have one size: %s', (...row) => {
  const [, settings, announced, partMiB, objectGiB] = row;
  const sizes = partSizes('the store', settings, announced);
  expect(sizes.maxObjectBytes).toBeGreaterThanOrEqual(objectGiB * GiB);
  // A byte for each MiB: what counts is how they compare.
  const bucket = new Bucket();
  bucket.equalParts = true;
  const { id } = bucket.begin('x', {});
  const parts = Array.from({ length: sizes.maxParts }, (_, index) => index + 1).map((number) => {
    const body = Buffer.alloc(sizes.sizeOf(number) / MiB);
    return { number, etag: bucket.addPart(id, number, body) };
  });
  const { body } = bucket.complete(id, parts, { ifNoneMatch: true });
  expect(body.byteLength).toBe(sizes.maxParts * partMiB);
});

it('without an endpoint they grow, as AWS lets them', () => {
  const sizes = partSizes('the store', {});
  expect([1, 600, 601, 10_000].map((part) => sizes.sizeOf(part) / MiB)).toEqual([16, 16, 64, 64]);
});

it('refuses a limit that no size of parts reaches', () => {
  expect(() => partSizes('the store', { endpoint, maxObjectSize: 63 * GiB })).toThrow(
    /does not fit into 1000 parts/,
  );
});

it('what is uploaded and copied in parts is taken where all have to be equal', async () => {
  const wholeBytes = 512 * 1024;
  const s3 = await simulatedS3({ copy: { wholeBytes, partBytes: wholeBytes / 2 } });
  s3.simulator.bucket.equalParts = true;
  const store = s3.open();
  const bytes = someBytes(wholeBytes + 100_001);
  await store.create('streamed', stream(bytes));
  await store.create('said to be shorter', stream(bytes), { bytes: 300_000 });
  await store.copyFrom(store, 'streamed', 'copied');
  const kept = [...s3.simulator.bucket.objects.values()];
  expect(kept.map(({ body }) => body.equals(bytes))).toEqual([true, true, true]);
  await s3.close();
});

it('a stream that is said to be long gets larger parts from its first one on', async () => {
  const s3 = await simulatedS3();
  const store = s3.open({ partSize: undefined });
  let most = 0;
  const watched = async function* () {
    for await (const chunk of stream(someBytes(600_000))) {
      most = Math.max(most, s3.resources.budget.held);
      yield chunk;
    }
  };
  await store.create('x', watched(), { bytes: 34 * GiB });
  expect(most / MiB).toBe(35);
  await s3.close();
});
