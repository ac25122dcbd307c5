/** The object store of the cluster. Keys are relative to it. */
export interface ObjectStorage {
  /** For people. */
  readonly place: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is no such object. */
  get(key: string): Promise<Buffer | undefined>;
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
  remove(keys: string[]): Promise<void>;
  close(): void;
}

export type StorageSettings =
  | { type: 'directory'; path: string }
  | {
      type: 's3';
      endpoint: string;
      bucket: string;
      prefix?: string;
      region?: string;
      accessKeyId: string;
      secretAccessKey: string;
    };
