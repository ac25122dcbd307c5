import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWhole, toJson } from '../../activities/catalog/json.ts';
import { backupFolder, MANIFEST } from '../../activities/catalog/layout.ts';
import { withDigest } from '../../activities/catalog/manifest-digest.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { readObjects, writeObjects } from '../../activities/catalog/objects.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { manifestOf, TARGET } from '../products/backup-run.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { fuzz } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

const ID = '2026-11-20t02-00-00z-7f3a1c';

describe('a committed backup with random damage', () => {
  const folder = backupFolder(TARGET, ID);
  const resources = createStoreResources();
  let disk: TemporaryFolder;
  let store: DirectoryStore;
  let lines: ObjectLine[];
  let manifest: Manifest;

  beforeAll(async () => {
    disk = await temporaryFolder('catalog');
    store = new DirectoryStore({ name: 'disk', type: 'directory', path: disk.path }, resources);
    const taken = await all(backupInMemory().objects());
    // JSON leaves these as they are, and they end no line of the list.
    lines = taken.map((line) => ({ ...line, subject: `${line.subject}\u2028\u2029` }));
    const objects = await writeObjects(store, folder, lines);
    const detail = { version: 1, name: 'größe', "it's": [1, 2.5, null, true] };
    manifest = withDigest(manifestOf('aiven-influxdb', ID, lines, objects, detail, []));
    await store.put(folder + MANIFEST, toJson(manifest));
  });
  afterAll(async () => {
    await store.close();
    await resources.close();
    await disk.remove();
  });

  it('is refused, or has the manifest that it had', async () => {
    const original = await readWhole(store, folder + MANIFEST);
    await fuzz('backup.json', original, { cases: 300 }, async ({ bytes, damage }) => {
      await writeFile(join(disk.path, folder, MANIFEST), bytes);
      const read = await outcomeOf(() => readManifest(store, TARGET, ID));
      if (damage.kind === 'cut' && damage.at < original.length - 1) expect(read).toBeUndefined();
      if (!read) return;
      // A manifest may be without a digest, and then nothing vouches for it: so may one be whose field was damaged.
      const { digest, ...rest } = read.accepted;
      if (damage.kind !== 'splice') expect({ ...rest, digest: manifest.digest }).toEqual(manifest);
      else if (digest !== undefined) expect(read.accepted).toEqual(manifest);
    });
    await writeFile(join(disk.path, folder, MANIFEST), original);
  });

  it('is refused, or has the list of objects that it had', async () => {
    const { path } = manifest.objects;
    const original = await readWhole(store, folder + path);
    await fuzz(path, original, { cases: 150 }, async ({ bytes }) => {
      await writeFile(join(disk.path, folder, path), bytes);
      const read = await outcomeOf(() => all(readObjects(store, manifest)));
      expect(read !== undefined).toBe(bytes.equals(original));
      if (read) expect(read.accepted).toEqual(lines);
      // Were the damage older than the hash, it would still be a refusal or another list, and never anything worse.
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const believing = { ...manifest, objects: { ...manifest.objects, sha256 } };
      await outcomeOf(() => all(readObjects(store, believing)));
    });
  });
});

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
