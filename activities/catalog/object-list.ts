import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import type { z } from 'zod';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { asDamage, putOnce, readWhole } from './json.ts';
import type { Manifest } from './manifest.ts';

/** A list too long for the object that names it: a line of JSON each, in gzip, known by its hash. */
export type ListReference = Manifest['objects'];

/** The same lines give the same bytes, so a repeated commit meets its own. `name` is like `objects.ndjson.gz`. */
export async function writeList(
  store: Store,
  folder: string,
  name: string,
  lines: unknown[],
  signal?: AbortSignal,
): Promise<ListReference> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const bytes = gzipSync(text, { level: 6 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  for (let attempt = 1; ; attempt++) {
    const path = attempt === 1 ? name : name.replace('.', `~${attempt}.`);
    if (await putOnce(store, folder + path, bytes, signal))
      return { path, bytes: bytes.length, sha256 };
    const there = await readWhole(store, folder + path, signal);
    if (there.equals(bytes)) return { path, bytes: bytes.length, sha256 };
  }
}

/**
 * The lines of a list, in order. The list is checked against its hash before the first line is given out.
 * @throws BACKUP_DAMAGED
 */
export async function* readList<T extends z.ZodType>(
  store: Store,
  folder: string,
  { path, sha256 }: ListReference,
  line: T,
  signal?: AbortSignal,
): AsyncGenerator<z.output<T>> {
  const key = folder + path;
  const bytes = await readWhole(store, key, signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') {
      throw new HoldfastError('BACKUP_DAMAGED', `${key} is missing in store ${store.name}.`, {
        cause: error,
      });
    }
    throw asDamage(error);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${key} in store ${store.name} is not what the manifest says: its SHA-256 differs.`,
    );
  }
  try {
    for await (const text of linesOf(bytes)) yield line.parse(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof HoldfastError || signal?.aborted) throw cause;
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${key} in store ${store.name} is not a list of objects.`,
      { cause },
    );
  }
}

/** By hand: `readline` leaves the failure of a stream that is not read to its end to nobody, which ends the process. */
async function* linesOf(gzip: Buffer): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of Readable.from([gzip]).pipe(createGunzip())) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
