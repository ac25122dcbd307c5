import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeBelow } from '../../activities/catalog/remove-below.ts';
import { expectFailure } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';
import { listOf } from './sources.ts';

/** The empty objects by which the consoles of S3 services, and tools that mount buckets, make a folder. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
beforeAll(async () => {
  s3 = await simulatedS3();
});
afterAll(() => s3.close());

const FOLDER = 'metrics/2026-11-20t02-00-00z-7f3a1c/';
const { signal } = new AbortController();
const keys = () => [...s3.simulator.bucket.objects.keys()].sort();

it('folders that somebody made by hand are not listed, and go with what lies in them', async () => {
  const store = s3.open();
  const { bucket } = s3.simulator;
  const made = ['', 'metrics/', FOLDER, `${FOLDER}data/`, `${FOLDER}data//`];
  for (const key of made) bucket.put(`holdfast/${key}`, Buffer.alloc(0), {}, false);
  const objects = ['backup.json', 'data/1.tar', 'deleting.json'].map((name) => FOLDER + name);
  for (const key of objects) await store.put(key, Buffer.from('x'));
  for (const prefix of ['', 'metrics/', FOLDER]) {
    expect((await listOf(store.list(prefix))).map(({ key }) => key)).toEqual(objects);
  }
  const seen: string[] = [];
  s3.simulator.seen.length = 0;
  await removeBelow(store, FOLDER, signal, {
    seen: ({ key }) => seen.push(key),
    last: [`${FOLDER}backup.json`, `${FOLDER}deleting.json`],
  });
  expect(seen).toEqual(objects);
  expect(keys()).toEqual(['holdfast/', 'holdfast/metrics/']);
  const removed = s3.simulator.seen.filter(({ operation }) => operation === 'DeleteObject');
  expect(removed.map(({ key }) => key.slice(`holdfast/${FOLDER}`.length))).toEqual([
    'data/1.tar',
    'backup.json',
    'deleting.json',
    'data//',
    'data/',
    '',
  ]);
});

it('no object is written or read by the name of a folder, and none is removed by a name that leads elsewhere', async () => {
  const store = s3.open();
  await expectFailure(store.put('metrics/x/', Buffer.from('x')), 'STORE_REFUSED');
  await expectFailure(store.head('metrics/x/'), 'STORE_REFUSED');
  await expectFailure(store.remove(['metrics/x/']), 'STORE_REFUSED');
  for (const key of ['metrics/../x/', '/', '']) {
    await expectFailure(store.remove([key], { markers: true }), 'STORE_REFUSED');
  }
});
