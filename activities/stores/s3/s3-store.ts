import {
  AbortMultipartUploadCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import { checkKey, checkPrefix, compareKeys } from '../keys.ts';
import type { StoreResources } from '../resources.ts';
import { ObjectsRetained } from '../retained.ts';
import type {
  CallOptions,
  CopyOptions,
  CreateOptions,
  HeadOptions,
  MarkerOptions,
  OpenUpload,
  ProbeFinding,
  ReadOptions,
  Store,
  StoredObject,
} from '../store.ts';
import { isArchived } from './archived.ts';
import type { S3Settings } from './client.ts';
import { copyObject } from './copy-object.ts';
import { crc32In } from './checksum.ts';
import { etagOf } from './etag.ts';
import { faultOf, s3Failure } from './failure.ts';
import { listObjects, seeBucket } from './list-objects.ts';
import { listUploads } from './list-uploads.ts';
import { PartsUpload } from './multipart-upload.ts';
import { partSizes, type PartSizes } from './part-sizes.ts';
import { probeForeign } from './probe-foreign.ts';
import { probeS3 } from './probe.ts';
import { putOnce, putOver } from './put-object.ts';
import { changed, readObject } from './read-object.ts';
import { removeObjects } from './remove-objects.ts';
import { S3Requests } from './requests.ts';
import { placeOf } from '../place.ts';
import { uploadStream } from './upload-stream.ts';

/** A bucket, or a prefix of one, of S3 or of a service that speaks like it. */
export class S3Store implements Store {
  readonly name: string;
  readonly place: string;
  readonly maxObjectBytes: number;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #label: string;
  readonly #resources: StoreResources;
  readonly #requests: S3Requests;
  readonly #sizesFor: (announced?: number) => PartSizes;
  readonly #background = new Set<Promise<unknown>>();
  #bucketSeen = false;

  constructor(settings: S3Settings, resources: StoreResources) {
    const prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '');
    this.name = settings.name;
    this.place = placeOf(settings);
    this.#bucket = settings.bucket;
    this.#prefix = prefix && `${prefix}/`;
    this.#label = `Store ${this.name} (${this.place})`;
    this.#resources = resources;
    // Opened for every activity: what costs, connections and the client, is made once per worker.
    this.#requests = resources.shared(
      `requests ${JSON.stringify(settings)}`,
      () => new S3Requests(settings, resources),
    );
    this.#sizesFor = (announced) => partSizes(this.#label, settings, announced);
    this.maxObjectBytes = this.#sizesFor().maxObjectBytes;
  }

  async put(key: string, bytes: Uint8Array, { signal }: CallOptions = {}): Promise<StoredObject> {
    return this.#call(`write ${key}`, signal, async () => {
      await putOnce(this.#requests, this.#where(key), bytes, signal);
      return { key, bytes: bytes.byteLength };
    });
  }

  async create(
    key: string,
    source: AsyncIterable<Uint8Array>,
    { signal, bytes: announced }: CreateOptions = {},
  ): Promise<StoredObject> {
    const where = this.#where(key);
    const context = {
      requests: this.#requests,
      resources: this.#resources,
      sizes: this.#sizesFor(announced),
      background: (work: Promise<unknown>) => this.#goOn(work),
      failed: (error: unknown) => this.#failure(error, `write ${key}`, signal),
    };
    return { key, ...(await uploadStream(context, where, source, { signal, announced })) };
  }

  async copyFrom(
    source: Store,
    sourceKey: string,
    key: string,
    { signal, etag, bytes, fresh = false }: CopyOptions = {},
  ): Promise<StoredObject | undefined> {
    if (!(source instanceof S3Store)) return undefined;
    if (!(await this.#requests.isRelated(source.#requests))) return undefined;
    const seen = etag !== undefined && bytes !== undefined;
    const found = seen ? { bytes, etag } : await source.head(sourceKey, { signal });
    if (!found) {
      throw new HoldfastError('OBJECT_MISSING', `${source.#label} does not hold ${sourceKey}.`);
    }
    if (etag !== undefined && etag !== found.etag) throw changed(source.#label, sourceKey);
    if (found.etag === undefined) return undefined;
    const from = {
      ...source.#where(sourceKey),
      requests: source.#requests,
      bytes: found.bytes,
      etag: found.etag,
      changed: () => changed(source.#label, sourceKey),
      archived: (error: unknown) => s3Failure(error, source.#label, `read ${sourceKey}`),
    };
    const context = {
      requests: this.#requests,
      resources: this.#resources,
      sizes: this.#sizesFor(found.bytes),
      background: (work: Promise<unknown>) => this.#goOn(work),
    };
    const copying = this.#call(`write ${key}`, signal, () =>
      copyObject(context, from, { ...this.#where(key), fresh }, signal),
    );
    const copied = await copying.catch((error: unknown) => {
      if (!seen || !isGone(error)) throw error;
      // Only a look tells which side is gone.
      return this.copyFrom(source, sourceKey, key, { signal, etag, fresh });
    });
    return copied && { ...copied, key };
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions = {}) {
    return this.#call(`write ${key}`, signal, async () => {
      await putOver(this.#requests, this.#where(key), bytes, signal);
      return { key, bytes: bytes.byteLength };
    });
  }

  async *read(key: string, { signal, start, end, etag }: ReadOptions = {}) {
    const request = { ...this.#where(key), signal, start, end, etag };
    const reading = readObject(this.#requests, { ...request, store: this.#label, name: key });
    yield* this.#each(`read ${key}`, signal, reading);
  }

  async head(
    key: string,
    { signal, checksum = false }: HeadOptions = {},
  ): Promise<StoredObject | undefined> {
    const { bucket, key: Key } = this.#where(key);
    return this.#call(`look at ${key}`, signal, async () => {
      try {
        const found = await this.#look({ Bucket: bucket, Key }, checksum, signal);
        this.#bucketSeen = true;
        const request = { bucket, key: Key, signal, store: this.#label, name: key };
        const archived = await isArchived(this.#requests, found, request);
        return {
          key,
          bytes: found.ContentLength ?? 0,
          ...etagOf(found.ETag),
          ...crc32In(found),
          ...(archived && { archived: 'yes' as const }),
        };
      } catch (error) {
        if (faultOf(error).status !== 404) throw error;
        await this.#seeBucket(Key, signal);
        return undefined;
      }
    });
  }

  async *list(
    prefix: string,
    { signal, markers = false }: MarkerOptions = {},
  ): AsyncIterable<StoredObject> {
    const found = listObjects(this.#requests, this.#listing(prefix, signal));
    for await (const entry of this.#each(`list ${prefix}`, signal, found)) {
      if (!('key' in entry)) continue;
      const key = this.#ownKey(entry.key);
      if (key !== '' && (markers || !key.endsWith('/'))) yield { ...entry, key };
    }
  }

  async folders(prefix: string, { signal }: CallOptions = {}): Promise<string[]> {
    const listing = { ...this.#listing(prefix, signal), delimiter: '/' };
    const found = listObjects(this.#requests, listing);
    const names: string[] = [];
    for await (const entry of this.#each(`list ${prefix}`, signal, found)) {
      if ('folder' in entry) names.push(entry.folder.slice(listing.prefix.length, -1));
    }
    return names.sort(compareKeys);
  }

  async remove(keys: string[], { signal, markers = false }: MarkerOptions = {}): Promise<void> {
    if (keys.length === 0) return;
    const whole = keys.map((key) => {
      checkKey(this.#label, markers ? key.replace(/\/+$/, '') : key);
      return this.#prefix + key;
    });
    const kept = await this.#call(`remove ${keys[0]}`, signal, () =>
      removeObjects(this.#requests, this.#bucket, whole, signal),
    );
    if (kept.length === 0) return;
    const names = kept.map(({ key }) => this.#ownKey(key));
    throw new ObjectsRetained(this.#label, names, kept[0]?.code ?? 'AccessDenied');
  }

  async *openUploads(prefix: string, { signal }: CallOptions = {}): AsyncIterable<OpenUpload> {
    const found = listUploads(this.#requests, this.#listing(prefix, signal));
    for await (const upload of this.#each(`list open uploads of ${prefix}`, signal, found)) {
      yield { ...upload, key: this.#ownKey(upload.key) };
    }
  }

  async abortUpload(upload: OpenUpload, { signal }: CallOptions = {}): Promise<void> {
    const { bucket, key: Key } = this.#where(upload.key);
    await this.#call(`abort the upload of ${upload.key}`, signal, async () => {
      try {
        await this.#requests.send({ signal }, (client, bind) =>
          client.send(
            bind(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: upload.id })),
          ),
        );
      } catch (error) {
        if (faultOf(error).code !== 'NoSuchUpload') throw error;
      }
    });
  }

  async probe({ signal }: CallOptions = {}): Promise<ProbeFinding[]> {
    return probeS3({
      store: this,
      requests: this.#requests,
      bucket: this.#bucket,
      prefix: this.#prefix,
      signal,
      failed: (error, action) => this.#failure(error, action, signal),
    });
  }

  /** @param key below the folder that is the database's to write backups to */
  async probeForeign(key: string, { signal }: CallOptions = {}): Promise<string[]> {
    const { bucket, key: whole } = this.#where(key);
    const upload = () => new PartsUpload(this.#requests, { bucket, key: whole });
    return probeForeign({
      store: this,
      key,
      upload,
      signal,
      failed: (error, action) => this.#failure(error, action, signal),
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#background);
  }

  async #look(
    where: { Bucket: string; Key: string },
    checksum: boolean,
    signal: AbortSignal | undefined,
  ): Promise<HeadObjectCommandOutput> {
    try {
      return await this.#requests.send({ signal }, (client, bind) =>
        client.send(
          bind(new HeadObjectCommand({ ...where, ...(checksum && { ChecksumMode: 'ENABLED' }) })),
        ),
      );
    } catch (error) {
      // A service that does not know the question, or credentials that may not use the object's key, still tell the rest.
      if (!checksum || !UNTOLD.includes(faultOf(error).status ?? 0)) throw error;
      return this.#look(where, false, signal);
    }
  }

  #where(key: string): { bucket: string; key: string } {
    checkKey(this.#label, key);
    return { bucket: this.#bucket, key: this.#prefix + key };
  }

  #listing(prefix: string, signal: AbortSignal | undefined) {
    checkPrefix(this.#label, prefix);
    return { bucket: this.#bucket, prefix: this.#prefix + prefix, store: this.#label, signal };
  }

  #ownKey(key: string): string {
    return key.slice(this.#prefix.length);
  }

  /** A missing object and a missing bucket give the same answer to HEAD, which has no body. */
  async #seeBucket(key: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bucketSeen) return;
    await seeBucket(this.#requests, { bucket: this.#bucket, prefix: key, signal });
    this.#bucketSeen = true;
  }

  async #call<T>(
    action: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await run();
    } catch (error) {
      throw this.#failure(error, action, signal);
    }
  }

  async *#each<T>(
    action: string,
    signal: AbortSignal | undefined,
    items: AsyncIterable<T>,
  ): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      throw this.#failure(error, action, signal);
    }
  }

  /** A cancellation reaches the caller as it is. */
  #failure(error: unknown, action: string, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted && error === signal.reason) return error;
    return s3Failure(error, this.#label, action);
  }

  #goOn(work: Promise<unknown>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }
}

function isGone(error: unknown): boolean {
  return error instanceof HoldfastError && /^(OBJECT|STORE_BUCKET)_MISSING$/.test(error.code);
}

/** Answers to the question for a checksum, which have no body that could say whether it was the reason. */
const UNTOLD = [400, 401, 403, 405, 501];
