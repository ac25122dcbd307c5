import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findLeftovers } from '../../activities/catalog/leftovers.ts';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { removeLeftoverStaging } from '../../activities/restore/delegated/leftover-staging.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';

const stores = createStoreResources();
const { signal } = new AbortController();
let world: CopyWorld;
let backup: string;

beforeAll(async () => {
  world = await startCopyWorld();
  ({ backup } = await world.holdfast.run('backup', { target: 'far' }));
  await world.copied('far', backup);
});
beforeEach(() => {
  world.near.calm();
  world.near.bucket.locked = undefined;
  for (const [key] of putBack()) world.near.bucket.remove(key);
});
afterAll(async () => {
  await world?.stop();
  await stores.close();
});

/** What lies where the database looks for the backup. */
const putBack = () => world.near.bucket.listed(`weaviate/${backup}/`);
const restore = () =>
  world.holdfast.run('restore', {
    target: 'far',
    backup,
    onConflict: 'replace',
    confirm: 'far',
  });

test('what was put back for the database is cleared away by a later attempt where the storage fails for a while', async () => {
  const fault = { kind: 'answer', status: 500, code: 'InternalError' } as const;
  world.near.plan({ on: 'DeleteObjects', times: 4, fault });
  expect((await restore()).warnings.map(({ code }) => code)).not.toContain('LEFTOVERS');
  expect(putBack()).toEqual([]);
});

test('what was put back and may not be removed is told by its place, and can be removed later', async () => {
  // The files of a node; the database itself tries whether it may remove others.
  world.near.bucket.locked = new RegExp(`^weaviate/${backup}/[^/]+/`);
  const { proof, warnings } = await restore();
  expect(proof.identical + proof.equivalent).toBeGreaterThan(0);
  expect(warnings).toContainEqual({
    code: 'LEFTOVERS',
    message: expect.stringMatching(
      new RegExp(`stays in s3://.*/weaviate.*, below ${backup}/, and \`holdfast doctor`),
    ) as string,
  });
  expect(putBack()).not.toEqual([]);

  world.near.bucket.locked = undefined;
  const { client, configPath } = world.holdfast;
  const config = await loadConfig({ path: configPath });
  const store = openStore(snapshotOf(config, 'far').store, stores);
  const [leftover] = await findLeftovers(store, 'far');
  await removeLeftoverStaging({ stores }, client, store, config, leftover?.folder ?? '', signal);
  await store.close();
  expect(putBack()).toEqual([]);
});
