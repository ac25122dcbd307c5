import type { Attempt } from '../attempt/attempt.ts';
import type { CollectedLine } from '../catalog/collected.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import { HoldfastError } from '../failure.ts';
import type { Opener } from '../pipeline/age/opener.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Digest } from '../pipeline/digest.ts';
import { holdsSame } from '../pipeline/holds-same.ts';
import { objectPath } from '../pipeline/object-path.ts';
import { readObject } from '../pipeline/read-object.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { Throttle } from '../pipeline/throttle.ts';
import type { Store } from '../stores/store.ts';
import type { CopyReceipt } from './copy-work.ts';
import { checked, damaged } from './product-source.ts';

export interface Copying {
  at: Attempt;
  /** Where the product wrote. */
  storage: Store;
  store: Store;
  /** The key prefix of the backup, ending in `/`. */
  folder: string;
  backup: string;
  sealer: Sealer | undefined;
  opener: Opener | undefined;
  throttle: Throttle | undefined;
  stallMs: number;
  /** Nobody has tried this object before. */
  fresh: boolean;
}

const ATTEMPT_LIMIT = 100;

/**
 * Has the store copy one object by itself, and reads back and hashes it.
 * @param first of an object that is copied anew, since its copy was damaged: the first attempt whose name may be used
 * @returns undefined where the store cannot, or where the copy is to be encrypted
 * @throws BACKUP_DAMAGED when it is not what the product wrote
 */
export async function copyByStore(
  copying: Copying,
  object: ProductObject,
  first = 1,
): Promise<CopyReceipt | undefined> {
  const line = copying.sealer ? undefined : await serverSide(copying, object, first);
  return line && receiptOf(object, [line], 'server-side');
}

/** Copies one object through here, hashed and where asked encrypted on the way. Otherwise like `copyByStore`. */
export async function copyThroughHere(
  copying: Copying,
  object: ProductObject,
  first?: number,
): Promise<CopyReceipt> {
  return receiptOf(object, await streamed(copying, object, first), 'streamed');
}

function receiptOf(
  { key }: ProductObject,
  lines: ObjectLine[],
  how: CopyReceipt['how'],
): CopyReceipt {
  return { key, lines: lines.map((line): CollectedLine => ({ ...line, key })), how };
}

async function serverSide(
  copying: Copying,
  object: ProductObject,
  first: number,
): Promise<ObjectLine | undefined> {
  const { at, storage, store, folder } = copying;
  for (let attempt = first; attempt < first + ATTEMPT_LIMIT; attempt++) {
    const path = objectPath(object.key, { attempt, codec: 'identity', encrypted: false });
    const { etag, bytes } = object;
    const options = { signal: at.signal, etag, bytes, fresh: copying.fresh && attempt === 1 };
    try {
      const copied = await store.copyFrom(storage, object.key, folder + path, options);
      if (!copied) return undefined;
      const found = await readBack(copying, path);
      if (found.bytes === object.bytes) return lineOf(object, path, found);
      throw damaged(copying, object, `has ${found.bytes} bytes instead of ${object.bytes}`);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      if (error.code === 'OBJECT_MISSING') throw damaged(copying, object, 'is gone', error);
      if (error.code === 'OBJECT_CHANGED') throw damaged(copying, object, 'was replaced', error);
      if (error.code !== 'OBJECT_EXISTS') throw error;
      const earlier = await adopted(copying, object, path);
      if (earlier) return earlier;
    }
  }
  throw new HoldfastError(
    'OBJECT_EXISTS',
    `${object.key} already has ${ATTEMPT_LIMIT} attempts in ${folder} of store ${store.name}.`,
  );
}

async function streamed(
  copying: Copying,
  object: ProductObject,
  first?: number,
): Promise<ObjectLine[]> {
  const { at, storage, store, folder, sealer, opener, throttle, stallMs, fresh } = copying;
  const { key, bytes, role, subject } = object;
  return storeArtifact({
    store,
    folder,
    artifact: { path: key, role, subject: subject || key, format: 'bytes', key: {}, bytes },
    open: () =>
      Promise.resolve({
        body: checked(copying, object, storage.read(key, { signal: at.signal, etag: object.etag })),
        codec: 'identity',
      }),
    sealer,
    opener,
    throttle,
    signal: at.signal,
    stallMs,
    fresh,
    // What was encrypted is known by its receipt alone: who can read it cannot be seen on it.
    adopt: sealer || fresh ? false : 'same',
    firstAttempt: first,
    onBytes: (moved) => {
      at.figures.bytes += moved;
    },
  });
}

async function readBack({ at, store, folder, throttle }: Copying, path: string): Promise<Digest> {
  const reading = readObject(store, folder + path, undefined, at.signal);
  for await (const chunk of reading.bytes) {
    at.figures.bytes += chunk.length;
    const pause = throttle?.take(chunk.length, at.signal);
    if (pause) await pause;
  }
  return reading.stored;
}

/**
 * What an earlier attempt, or one that goes on beside this one, left there: it counts where it is what the product has, byte
 * by byte. One that is as long, and has the ETag that it was written with, may have been damaged since.
 */
async function adopted(
  copying: Copying,
  object: ProductObject,
  path: string,
): Promise<ObjectLine | undefined> {
  if (!(await mayBe(copying, object, path))) return undefined;
  const line = lineOf(object, path, await readBack(copying, path));
  const { at, storage, throttle } = copying;
  const { key, etag } = object;
  const source = checked(copying, object, storage.read(key, { signal: at.signal, etag }));
  const paced = throttle ? throttle.paced(source, at.signal) : source;
  return (await holdsSame([line], paced)) ? line : undefined;
}

/** MD5, which an object has as its ETag where it was written in one go. */
const PLAIN = /^[0-9a-f]{32}$/;

/** Whether what lies there could be the product's object, as far as the stores themselves tell. */
async function mayBe(
  { at, store, folder }: Copying,
  object: ProductObject,
  path: string,
): Promise<boolean> {
  const there = await store.head(folder + path, { signal: at.signal });
  if (!there) return true;
  if (there.bytes !== object.bytes || there.archived) return false;
  const [one, other] = [there.etag ?? '', object.etag ?? ''];
  return !PLAIN.test(one) || !PLAIN.test(other) || one === other;
}

function lineOf({ role, subject }: ProductObject, path: string, found: Digest): ObjectLine {
  const { bytes, sha256 } = found;
  return { path, bytes, sha256, codec: 'identity', encrypted: false, role, subject };
}
