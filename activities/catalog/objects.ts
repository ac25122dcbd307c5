import { createHash } from 'node:crypto';
import { createGunzip, gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { putOnce, readWhole } from './json.ts';
import { backupFolder, OBJECTS } from './layout.ts';
import { objectLineSchema, type Manifest, type ObjectLine } from './manifest.ts';

/** Writes the list of objects; the same lines give the same bytes, so a repeated commit meets its own. */
export async function writeObjects(
  store: Store,
  folder: string,
  lines: ObjectLine[],
  signal?: AbortSignal,
): Promise<Manifest['objects']> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const bytes = gzipSync(text, { level: 6 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  for (let attempt = 1; ; attempt++) {
    const path = attempt === 1 ? OBJECTS : OBJECTS.replace('.', `~${attempt}.`);
    if (await putOnce(store, folder + path, bytes, signal))
      return { path, bytes: bytes.length, sha256 };
    const there = await readWhole(store, folder + path, signal);
    if (there.equals(bytes)) return { path, bytes: bytes.length, sha256 };
  }
}

/**
 * The objects of a backup, in the manifest's order. The list is checked against its hash in the manifest before the
 * first line is given out.
 * @throws BACKUP_DAMAGED
 */
export async function* readObjects(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<ObjectLine> {
  const key = backupFolder(manifest.target, manifest.id) + manifest.objects.path;
  const bytes = await readWhole(store, key, signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') {
      throw new HoldfastError('BACKUP_DAMAGED', `${key} is missing in store ${store.name}.`, {
        cause: error,
      });
    }
    throw error;
  });
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.objects.sha256) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${key} in store ${store.name} is not what the manifest says: its SHA-256 differs.`,
    );
  }
  const unpacked = Readable.from([bytes]).pipe(createGunzip());
  try {
    for await (const line of createInterface({ input: unpacked })) {
      yield objectLineSchema.parse(JSON.parse(line));
    }
  } catch (cause) {
    if (cause instanceof HoldfastError || signal?.aborted) throw cause;
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${key} in store ${store.name} is not a list of objects.`,
      { cause },
    );
  }
}
