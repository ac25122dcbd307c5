import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { askWeaviate, callWeaviate } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { secret } from './adapter.ts';
import {
  aliasesOf,
  classesOf,
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

/** The bytes of a backup, written or read; descriptors pass. */
const UPLOAD = /^(PUT|POST) .*\/chunk-/;
/** A chunk whose upload was begun. */
const PART = /^PUT .*\/chunk-.*partNumber/;
const DOWNLOAD = /^GET .*\/chunk-/;
const DESCRIPTOR = /\/backup_config\.json/;

let world: WeaviateWorld;

beforeAll(async () => {
  world = await startWeaviateWorld();
  await seedWeaviate(world.weaviate, { objects: 500 });
});
afterAll(() => world?.stop());
afterEach(() => {
  world.gate.open();
  world.front.open();
});

async function startHeld(operation: 'backup' | 'restore', input: object, line: RegExp) {
  world.gate.hold(line);
  const seen = world.gate.requests.length;
  const handle = await world.holdfast.start(operation, { target: 'articles', ...input });
  await expect
    .poll(() => world.gate.requests.slice(seen).some((one) => line.test(one)), { timeout: 60_000 })
    .toBe(true);
  return handle;
}

/** By a look at the server itself. */
async function statusOf(name: string): Promise<string> {
  const path = `/backups/s3/${name}`;
  return ((await askWeaviate(world.weaviate, 'GET', path)) as { status: string }).status;
}

/** What the bucket keeps, and shows in no listing, of uploads that did not come to an end. */
async function begunUploads(): Promise<string[]> {
  const { endpoint, region, accessKeyId, secretAccessKey } = world.own;
  const resources = createStoreResources();
  const store = openStore(
    {
      name: 'own',
      type: 's3',
      bucket: OWN_BUCKET,
      region,
      endpoint,
      credentials: {
        accessKeyId: { env: secret(accessKeyId) },
        secretAccessKey: { env: secret(secretAccessKey) },
      },
    },
    resources,
  );
  try {
    const keys: string[] = [];
    for await (const { key } of store.openUploads('')) keys.push(key);
    return keys;
  } finally {
    await store.close();
    await resources.close();
  }
}

/** The name of the newest backup that the server knows. */
async function newest(): Promise<string> {
  const list = (await askWeaviate(world.weaviate, 'GET', '/backups/s3')) as { id: string }[];
  return list[0]?.id ?? '';
}

describe('a real Weaviate in trouble', () => {
  test('a backup under way is cancelled, and nothing of it is left', async () => {
    const before = await world.written();
    const handle = await startHeld('backup', {}, PART);
    expect(await begunUploads()).not.toEqual([]);
    await handle.signal('cancel', { reason: 'a test' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await world.written()).toEqual(before);
    expect(await begunUploads()).toEqual([]);
    // The server is free for the next one.
    world.gate.open();
    expect(await world.holdfast.run('backup', { target: 'articles' })).toMatchObject({
      state: 'ok',
    });
  });

  test('polling goes on while the storage of the server is away', async () => {
    const handle = await startHeld('backup', {}, UPLOAD);
    world.gate.refuse(DESCRIPTOR);
    await expect
      .poll(async () => (await handle.query<{ lastError?: string }>('progress')).lastError, {
        timeout: 60_000,
      })
      .toContain('503');
    world.gate.open();
    expect(await handle.result()).toMatchObject({ state: 'ok' });
  });

  test('a backup whose server was killed never ends: it is given up, and the next one is taken', async () => {
    const before = await world.written();
    await world.hurry({ job: '15s', stall: '6s' });
    const handle = await startHeld('backup', {}, UPLOAD);
    await world.hurry({});
    const dead = await newest();
    world.front.refuse(/./);
    await world.weaviate.node.kill();
    world.gate.open();
    await world.weaviate.node.start();
    expect(await statusOf(dead)).toBe('STARTED');
    // Its name is burnt.
    const again = await callWeaviate(world.weaviate, 'POST', '/backups/s3', { id: dead });
    expect(again.text).toContain('already exists');
    world.front.open();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JOB_STUCK' } });
    expect(await world.written()).toEqual(before);
    expect(await world.holdfast.run('backup', { target: 'articles' })).toMatchObject({
      state: 'ok',
    });
  });

  test('a restore whose server was killed is given up at once, and is in the way of no other', async () => {
    const before = await contentsOf(world.weaviate);
    const { backup } = await world.holdfast.run('backup', { target: 'articles' });
    const { backup: other } = await world.holdfast.run('backup', { target: 'articles' });
    await dropClasses(world.weaviate);
    const handle = await startHeld('restore', { backup }, DOWNLOAD);
    world.front.refuse(/./);
    await world.weaviate.node.kill();
    world.gate.open();
    await world.weaviate.node.start();
    const path = `/backups/s3/${backup}/restore`;
    expect(await askWeaviate(world.weaviate, 'GET', path)).toMatchObject({
      status: 'TRANSFERRING',
    });
    world.front.open();
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'JOB_FAILED',
        message: expect.stringContaining('the server was started anew') as string,
      },
    });
    await askWeaviate(world.weaviate, 'POST', '/schema', { class: 'Photo' });
    await world.holdfast.run('restore', {
      target: 'articles',
      backup: other,
      onConflict: 'replace',
      confirm: 'articles',
    });
    expect(await contentsOf(world.weaviate)).toEqual(before);
  });

  test('a restore under way is cancelled, and no class of it is left', async () => {
    const { backup } = await world.holdfast.run('backup', { target: 'articles' });
    const before = await contentsOf(world.weaviate);
    await dropClasses(world.weaviate);
    const handle = await startHeld('restore', { backup }, DOWNLOAD);
    await handle.signal('cancel');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await classesOf(world.weaviate)).toEqual([]);
    world.gate.open();
    await world.holdfast.run('restore', { target: 'articles', backup });
    expect(await contentsOf(world.weaviate)).toEqual(before);
  });

  test('a restore that fails half-way leaves the aliases as they were', async () => {
    const { weaviate, holdfast, gate } = world;
    const { backup } = await holdfast.run('backup', { target: 'articles' });
    await askWeaviate(weaviate, 'DELETE', '/schema/Article');
    await askWeaviate(weaviate, 'POST', '/schema', { class: 'Newer' });
    await askWeaviate(weaviate, 'POST', '/aliases', { alias: 'Article', class: 'Newer' });
    await askWeaviate(weaviate, 'PUT', '/aliases/Story', { class: 'Newer' });
    const agreed = { backup, onConflict: 'replace', confirm: 'articles' };
    const handle = await startHeld('restore', agreed, DOWNLOAD);
    expect(await aliasesOf(weaviate)).toEqual(['Story → Newer']);
    await askWeaviate(weaviate, 'POST', '/schema', { class: 'Photo' });
    gate.open();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JOB_FAILED' } });
    expect(await classesOf(weaviate)).toEqual(['Newer', 'Photo']);
    expect(await aliasesOf(weaviate)).toEqual(['Article → Newer', 'Story → Newer']);
  });
});
