import { HoldfastError } from '../failure.ts';
import { compareKeys } from '../stores/keys.ts';
import type { Store } from '../stores/store.ts';

/** Reads a small object whole. @throws OBJECT_MISSING */
export async function readWhole(store: Store, key: string, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(key, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * What is no JSON is read once more: an answer that was cut short in good order looks the same.
 * @throws OBJECT_MISSING; BACKUP_DAMAGED of one that cannot be read, or is no JSON
 */
export async function readJson(store: Store, key: string, signal?: AbortSignal): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    const bytes = await readWhole(store, key, signal).catch((error: unknown) => {
      throw asDamage(error);
    });
    try {
      return JSON.parse(bytes.toString('utf8')) as unknown;
    } catch (cause) {
      if (tries === 1) continue;
      throw new HoldfastError('BACKUP_DAMAGED', `${key} in store ${store.name} is not JSON.`, {
        cause,
      });
    }
  }
}

/** What describes a backup and is there without being readable is as good as damaged: others are taken instead. */
export function asDamage(error: unknown): unknown {
  const codes = ['OBJECT_ARCHIVED', 'OBJECT_DENIED', 'OBJECT_UNREADABLE'];
  if (!(error instanceof HoldfastError) || !codes.includes(error.code)) return error;
  return new HoldfastError('BACKUP_DAMAGED', error.message, { cause: error, hint: error.hint });
}

export function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes an object unless it is there already; then what is there counts.
 * @returns whether this call wrote it
 */
export async function putOnce(
  store: Store,
  key: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await store.put(key, bytes, { signal });
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_EXISTS') return false;
    throw error;
  }
}

/** Writes a document unless one is there already. @returns the one that counts */
export async function firstOf<T>(
  store: Store,
  key: string,
  value: T,
  signal?: AbortSignal,
): Promise<T> {
  if (await putOnce(store, key, toJson(value), signal)) return value;
  return (await readJson(store, key, signal)) as T;
}

/** Reads an object that may not be there. */
export async function readIfThere(
  store: Store,
  key: string,
  signal?: AbortSignal,
): Promise<unknown> {
  try {
    return await readJson(store, key, signal);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') return undefined;
    throw error;
  }
}

/** The documents right below a folder, by their keys in order. What others' tools leave there, or hide, is none. */
export async function* documentsIn(
  store: Store,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder, { signal })) {
    if (/^[^./][^/]*\.json$/.test(key.slice(folder.length))) keys.push(key);
  }
  yield* keys.sort(compareKeys);
}
