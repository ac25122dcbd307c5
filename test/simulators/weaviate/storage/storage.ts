/** Where the server's backup module writes. Keys are relative to a place: a bucket and a folder in it. */
export interface BackupStorage {
  /** `s3`, `filesystem`…: as requests name it. */
  readonly backend: string;
  /** What `/v1/meta` tells of the module. */
  readonly about: Record<string, unknown>;
  /** The default place, or the one that a request names. */
  place(bucket?: string, path?: string): Place;
  close(): void;
}

export interface Place {
  /** For people: `s3://bucket/folder`. */
  readonly home: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer | undefined>;
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<string[]>;
}

/** Storage that does not answer, or refuses. */
export class StorageFault extends Error {}
