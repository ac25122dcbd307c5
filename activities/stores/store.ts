/**
 * A place that keeps backups. Keys are relative to the store's own prefix, with `/` between segments, without a
 * leading one. Both implementations pass one conformance suite (test/stores/conformance.ts).
 *
 * Every store guarantees:
 * - an object appears whole or not at all, and only after the last byte is durable;
 * - an object is never overwritten, except by `overwrite`;
 * - what `put` or `create` reported is seen by every later `head` and `read`;
 * - every call ends within a second of its signal, also while the other side stalls, and leaves nothing behind; a
 *   commit that is already under way is let finish for a moment, and then the call succeeds. Only when the store stalls
 *   in just that moment may an object appear after all: whoever removes the backup's prefix removes it too;
 * - failures are `HoldfastError`s with a code `STORE_*` or `OBJECT_*` and name the key.
 */
export interface Store {
  /** As the configuration calls it. */
  readonly name: string;
  /** For people: `s3://bucket/prefix` or a path. Never with credentials. */
  readonly place: string;
  /** The largest object that `create` takes; longer artifacts are split by the caller. */
  readonly maxObjectBytes: number;

  /** Creates a small object from memory. @throws OBJECT_EXISTS */
  put(key: string, bytes: Uint8Array, options?: CallOptions): Promise<StoredObject>;

  /**
   * Creates an object from a stream of unknown length. It exists only if the source ended without throwing: whoever
   * finds the source incomplete throws from its iterator, and the object never appears.
   * @throws OBJECT_EXISTS, and whatever the source threw
   */
  create(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options?: CreateOptions,
  ): Promise<StoredObject>;

  /**
   * Creates an object from one of another store without moving its bytes through here: where both are one service, which
   * is reached with the same credentials, and which can. It is what the source was at one moment, never a mixture.
   * @returns undefined when it cannot be done so, and nothing was written: the caller streams instead
   * @throws OBJECT_EXISTS; of the source OBJECT_MISSING, and OBJECT_CHANGED when it is not the one that `etag` names
   */
  copyFrom(
    source: Store,
    sourceKey: string,
    key: string,
    options?: CopyOptions,
  ): Promise<StoredObject | undefined>;

  /** Replaces a small object: a lease, or what tells of a copy that was mended. */
  overwrite(key: string, bytes: Uint8Array, options?: CallOptions): Promise<StoredObject>;

  /**
   * The bytes of an object, whole or `[start, end)`, of one moment. Ends by throwing when the store sends fewer.
   * @throws OBJECT_MISSING, and OBJECT_CHANGED when it is not, or no longer, the one that `etag` names
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;

  head(key: string, options?: HeadOptions): Promise<StoredObject | undefined>;

  /**
   * Every object whose key begins with the prefix. Mostly in key order, on which nobody may build: some services list by
   * what they make of a key (Storj encrypts it).
   */
  list(prefix: string, options?: MarkerOptions): AsyncIterable<StoredObject>;

  /** The names of the folders directly below the prefix (`''` or ending in `/`), in order, without `/`. */
  folders(prefix: string, options?: CallOptions): Promise<string[]>;

  /** Removes objects; one that is not there is no error. */
  remove(keys: string[], options?: MarkerOptions): Promise<void>;

  /** Uploads that were begun below the prefix and neither completed nor aborted: leftovers of dead workers. */
  openUploads(prefix: string, options?: CallOptions): AsyncIterable<OpenUpload>;
  abortUpload(upload: OpenUpload, options?: CallOptions): Promise<void>;

  /** Where a store can tell: nothing was put here yet. A folder whose disk is not mounted looks so, too. */
  isBlank?(options?: CallOptions): Promise<boolean>;

  /** Tries what the store must be able to do, below `.holdfast-probe/`, and removes its traces. */
  probe(options?: CallOptions): Promise<ProbeFinding[]>;

  close(): Promise<void>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface HeadOptions extends CallOptions {
  /** Also ask for `crc32`, which takes a permission more where objects are encrypted with a key of their own. */
  checksum?: boolean | undefined;
}

export interface MarkerOptions extends CallOptions {
  /** Also the objects, named with a `/` at the end, by which other tools make a folder of S3. No other call takes one. */
  markers?: boolean | undefined;
}

export interface ReadOptions extends CallOptions {
  start?: number | undefined;
  end?: number | undefined;
  etag?: string | undefined;
}

export interface CreateOptions extends CallOptions {
  /** How long the stream is thought to be. A wrong guess costs memory or time, nothing else. */
  bytes?: number | undefined;
}

export interface CopyOptions extends CallOptions {
  /** Of the source, as it was seen before. */
  etag?: string | undefined;
  /** The source's length, as it was seen with that `etag`: spares another look at it. */
  bytes?: number | undefined;
  /**
   * Nobody else writes this name, or only the very same bytes. Spares the look for an object there, where the service
   * itself does not refuse to copy over one.
   */
  fresh?: boolean | undefined;
}

export interface StoredObject {
  key: string;
  bytes: number;
  /** Of all its bytes, in hex: `create` tells it of what was sent, `head` of what the store keeps, where it is known. */
  crc32?: string;
  /** Where the store gives one: another when the object is another. Without quotes; no digest that one could compute. */
  etag?: string;
  /**
   * The store keeps it, and does not serve it before it was asked to bring it back. A listing tells no more than
   * `perhaps`; `head` tells `yes`, or nothing.
   */
  archived?: 'yes' | 'perhaps';
  /** When it was written, by the clock of the store: listings tell it. */
  modifiedAt?: Date;
}

export interface OpenUpload {
  key: string;
  id: string;
  startedAt: Date;
}

export interface ProbeFinding {
  ability: string;
  ok: boolean;
  /** Needed, or merely good to have. */
  level: 'required' | 'advised';
  /** The message is worth reading although it is `ok`. */
  noted?: true;
  message: string;
}
