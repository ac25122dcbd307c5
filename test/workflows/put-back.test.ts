import { afterEach, beforeEach, expect, test } from 'vitest';
import { putBack } from '../../activities/restore/delegated/put-back.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const KEY = 'b/node1/Article/chunk-1';
const written = Buffer.from('what the product wrote');

let root: TemporaryFolder;
let storage: DirectoryStore;

beforeEach(async () => {
  root = await temporaryFolder('put-back');
  const settings = { name: 'storage', type: 'directory' as const, path: root.path };
  storage = new DirectoryStore(settings, createStoreResources());
});
afterEach(() => root?.remove());

async function read(): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(KEY)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Puts the object back; the first time that it is read from the copy, `meanwhile` happens. */
function putting(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
  let pending: typeof meanwhile | undefined = meanwhile;
  async function* open(): AsyncGenerator<Uint8Array> {
    const happen = pending;
    pending = undefined;
    await happen?.();
    yield written;
  }
  const { signal } = new AbortController();
  return putBack(storage, { backup: 'a-backup', key: KEY, bytes: written.length, open, signal });
}

test('what a late attempt puts back meanwhile is as good', async () => {
  await putting(() => storage.put(KEY, written));
  expect(await read()).toBe(written.toString());
});

test.each([
  ['as long', Buffer.from(written.toString().toUpperCase())],
  ['longer', Buffer.concat([written, written])],
])('what appears there meanwhile is another’s when it differs, though %s', async (_, other) => {
  await expect(putting(() => storage.put(KEY, other))).rejects.toMatchObject({
    code: 'DESTINATION_CHANGED',
    message: expect.stringContaining(KEY) as string,
  });
  expect(await read()).toBe(other.toString());
});

test('what lay there before is kept when it is the same, else replaced', async () => {
  await storage.put(KEY, written.subarray(1));
  await putting();
  expect(await read()).toBe(written.toString());
  await putting();
  expect(await read()).toBe(written.toString());
});
