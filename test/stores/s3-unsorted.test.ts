import { afterEach, beforeEach, expect, it } from 'vitest';
import { findBackup, newestBackup } from '../../activities/catalog/find-backup.ts';
import { toJson } from '../../activities/catalog/json.ts';
import { newestProof } from '../../activities/catalog/proofs.ts';
import { predecessor } from '../../activities/catalog/predecessor.ts';
import { removeBelow } from '../../activities/catalog/remove-below.ts';
import { recordsBelow } from '../../activities/jobs/job-record.ts';
import type { Store } from '../../activities/stores/store.ts';
import { commitBare } from '../support/bare-backup.ts';
import { listOf } from './sources.ts';
import { simulatedS3 } from './s3-simulator.ts';

/** A service that lists by what it makes of the keys (Storj encrypts them), a few to a page. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
let store: Store;
beforeEach(async () => {
  s3 = await simulatedS3();
  s3.simulator.bucket.listsByHash = true;
  s3.simulator.bucket.pageSize = 3;
  store = s3.open();
});
afterEach(() => s3.close());

const { signal } = new AbortController();
const NIGHTS = Array.from({ length: 9 }, (_, n) => `2026-11-2${n + 1}t02-00-00z-00000${n}`);
const LAST = NIGHTS.at(-1) ?? '';

it('has its backups told by age all the same', async () => {
  for (const id of NIGHTS.toReversed()) await commitBare(store, id);
  expect(await store.folders('metrics/')).toEqual(NIGHTS);
  expect((await findBackup(store, 'metrics', 'latest')).manifest.id).toBe(LAST);
  expect(await newestBackup(store, 'metrics', 'latest')).toBe(LAST);
  const before = await predecessor(store, { snapshot: { target: 'metrics' }, backup: LAST });
  expect(before?.id).toBe(NIGHTS.at(-2));
});

it('has the newest proof count', async () => {
  const proof = (night: number, ok: boolean) => {
    const time = `2026-11-2${night}t03-00-00z`;
    const about = { time, operation: 'verify', depth: 'deep', ok };
    return store.put(`metrics/${LAST}/proofs/${time}-abcdef-verify.json`, toJson(about));
  };
  for (const night of [1, 2, 3, 4, 5]) {
    await proof(night, night % 2 === 0);
    expect(await newestProof(store, 'metrics', LAST)).toMatchObject({ ok: night % 2 === 0 });
  }
});

it('has the newest job of a run looked at first', async () => {
  const rounds = ['001', '002', '003', '004', '005', '006'];
  for (const name of rounds) {
    await store.put(`jobs/${name}.json`, toJson({ name, since: '', observed: {} }));
  }
  const found = await recordsBelow(store, 'jobs/', signal);
  expect(found.map(({ name }) => name)).toEqual(rounds.toReversed());
});

it('has the markers of inner folders removed before those of outer ones', async () => {
  const folders = ['t/', 't/1/', 't/1/data/', 't/1/data/a/', 't/1/data/a/b/', 't/2/'];
  for (const key of folders) s3.simulator.bucket.put(`holdfast/${key}`, Buffer.alloc(0), {}, false);
  await removeBelow(store, 't/', signal);
  const removed = s3.simulator.seen.flatMap(({ operation, key }) =>
    operation === 'DeleteObject' ? [key] : [],
  );
  expect(removed).toEqual(folders.map((key) => `holdfast/${key}`).toReversed());
  expect(await listOf(store.list('t/', { markers: true }))).toEqual([]);
});

it('passes the probe', async () => {
  for (let times = 1; times <= 8; times++) {
    expect((await store.probe()).find(({ ability }) => ability === 'list')?.ok).toBe(true);
  }
});
