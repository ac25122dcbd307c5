import { toJson } from '../activities/catalog/json.ts';
import { backupFolder, MANIFEST } from '../activities/catalog/layout.ts';
import { withDigest } from '../activities/catalog/manifest-digest.ts';
import { MANIFEST_FORMAT, type Manifest } from '../activities/catalog/manifest.ts';
import { writeObjects } from '../activities/catalog/objects.ts';
import { writeProductObjects, type ProductObject } from '../activities/catalog/product-objects.ts';
import type { Versitygw } from '../test/support/versitygw.ts';
import { backupId } from '../workflows/contract/names.ts';
import { BUCKET } from './stage.ts';
import { openBenchStore } from './stores.ts';

/** Commits what lies in the product's bucket below a prefix, as a backup of a database would have been. @returns its id */
export async function commitWritten(
  main: Versitygw,
  place: Versitygw,
  { target, prefix }: { target: string; prefix: string },
): Promise<string> {
  await using source = openBenchStore(place, 'product');
  await using stored = openBenchStore(main, BUCKET);
  const objects: ProductObject[] = [];
  for await (const { key, bytes, etag } of source.store.list(prefix)) {
    objects.push({ key, bytes, ...(etag ? { etag } : {}), role: 'chunk', subject: key });
  }
  const now = new Date();
  const id = backupId(now, '00000000-0000-4000-8000-000000c0ffee');
  const folder = backupFolder(target, id);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const time = now.toISOString();
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    holdfast: 'bench',
    id,
    target,
    product: { name: 'weaviate', version: '1.38.11', identity: 'bench' },
    kind: 'delegated',
    run: { workflowId: `backup/${target}/bench`, runId: 'bench', attempt: 1 },
    times: { started: time, captured: { from: time, to: time }, completed: time },
    totals: {
      artifacts: objects.length,
      objects: objects.length,
      storedBytes: bytes,
      plainBytes: bytes,
      newBytes: bytes,
    },
    objects: await writeObjects(stored.store, folder, []),
    encryption: null,
    state: 'ok',
    note: null,
    tags: {},
    warnings: [],
    delegated: {
      name: id,
      place: source.store.place,
      objects: await writeProductObjects(stored.store, folder, objects),
      count: objects.length,
      bytes,
      bases: [],
    },
    detail: {},
  };
  await stored.store.put(folder + MANIFEST, toJson(withDigest(manifest)));
  return id;
}
