import { afterEach, beforeEach, expect, it } from 'vitest';
import { abortUploadsBelow } from '../../activities/catalog/remove-below.ts';
import type { Store } from '../../activities/stores/store.ts';
import { ALWAYS, type Fault } from '../simulators/s3/faults.ts';
import { expectFailure } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';
import { answer } from './s3-under-fault.ts';
import { listOf } from './sources.ts';

/** For each test its own: abilities are remembered for a worker's life. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
let store: Store;
beforeEach(async () => {
  s3 = await simulatedS3();
  store = s3.open();
  s3.simulator.bucket.uploadsByWholeKey = true;
});
afterEach(() => s3.close());

const begin = (...keys: string[]) => keys.map((key) => s3.simulator.bucket.begin(key, {}));
const openKeys = () => [...s3.simulator.bucket.uploads.values()].map(({ key }) => key);
const asked = () =>
  s3.simulator.seen.filter(({ operation }) => operation === 'ListMultipartUploads').length;
const signal = new AbortController().signal;

it('finds and ends those below a prefix, and no others, where only whole keys are listed', async () => {
  const others = [
    'a/x',
    'holdfast/metrics/b10/data/x',
    'holdfast/metrics/b1',
    'metrics/b1/data/x',
    'other/holdfast/metrics/b1/x',
  ];
  begin('holdfast/metrics/b1/data/x', 'holdfast/metrics/b1/data/x', ...others);
  expect(await listOf(store.openUploads('metrics/b1/'))).toHaveLength(2);
  await abortUploadsBelow(store, 'metrics/b1/', signal);
  expect(openKeys()).toEqual(others);
});

it('names one once whose whole key the prefix is, and those beside it', async () => {
  begin('holdfast/metrics/b1/objects', 'holdfast/metrics/b1/objects.1');
  const found = await listOf(store.openUploads('metrics/b1/objects'));
  expect(found.map(({ key }) => key)).toEqual(['metrics/b1/objects', 'metrics/b1/objects.1']);
});

it('looks no further than some pages of a bucket in which others upload much', async () => {
  begin(...Array.from({ length: 50 }, (_, at) => `a/${at}`), 'holdfast/metrics/b1/data/x');
  s3.simulator.bucket.pageSize = 1;
  expect(await listOf(store.openUploads('metrics/b1/'))).toEqual([]);
  expect(asked()).toBe(11);
});

it('asks once where the prefix was seen to be obeyed', async () => {
  s3.simulator.bucket.uploadsByWholeKey = false;
  begin('holdfast/metrics/b1/data/x');
  expect(await listOf(store.openUploads('metrics/b2/'))).toEqual([]);
  expect(asked()).toBe(2);
  expect(await listOf(store.openUploads('metrics/b1/'))).toHaveLength(1);
  expect(await listOf(store.openUploads('metrics/b2/'))).toEqual([]);
  expect(asked()).toBe(4);
});

const always = (fault: Fault, skip: number) =>
  s3.simulator.plan({ on: 'ListMultipartUploads', fault, times: ALWAYS, skip });

it('a refusal to list the whole bucket harms nothing, and is not asked for again', async () => {
  always(answer(403, 'AccessDenied'), 1);
  await abortUploadsBelow(store, 'metrics/b1/', signal);
  s3.simulator.calm();
  const before = asked();
  await abortUploadsBelow(store, 'metrics/b1/', signal);
  expect(asked()).toBe(before + 1);
});

it('a refusal of what it was asked for is told', async () => {
  always(answer(403, 'AccessDenied'), 0);
  await expectFailure(listOf(store.openUploads('metrics/b1/')), 'STORE_DENIED');
});

it('a fault that passes is told, since something may be left', async () => {
  always(answer(500, 'InternalError'), 1);
  await expectFailure(listOf(store.openUploads('metrics/b1/')), 'STORE_ERROR');
});
