import type { Ending } from './notice.ts';

/** A reference to a secret. Only references pass through Temporal; values are read where they are used. */
export type SecretReference = { env: string } | { file: string };

/** Where backups are kept, as the configuration says it, with references instead of secrets. */
export type StoreSettings =
  | {
      name: string;
      type: 's3';
      bucket: string;
      prefix?: string | undefined;
      region?: string | undefined;
      endpoint?: string | undefined;
      forcePathStyle?: boolean | undefined;
      credentials?:
        | {
            accessKeyId: SecretReference;
            secretAccessKey: SecretReference;
            sessionToken?: SecretReference | undefined;
          }
        | undefined;
      /** Bytes of one part, and the most parts of one object; an artifact beyond the product of both is split. */
      partSize?: number | undefined;
      maxParts?: number | undefined;
      maxObjectSize?: number | undefined;
    }
  | {
      name: string;
      type: 'directory';
      path: string;
      /** Every host that uses it sees the same directory (NFS and the like). */
      shared?: boolean | undefined;
      maxObjectSize?: number | undefined;
    };

export interface Encryption {
  /** age recipients, `age1…`: public keys. */
  recipients: string[];
  /** Only on hosts that restore or verify deeply. */
  identity?: SecretReference | undefined;
}

/** Somebody who wants to know how runs of a target end. */
export interface Listener {
  /** Where its address is: it is a secret, for whoever has it may write there. */
  webhook: SecretReference;
  on: Ending[];
}

/** Milliseconds, unless the name says otherwise. Tests shorten them; users may, in `timeouts`. */
export interface Timeouts {
  heartbeat: number;
  /** How long an operation waits for a lock that another one holds. */
  lockWait: number;
  /** A read or write without a byte for so long is stalled. */
  stall: number;
  /** The longest pause between two attempts. */
  retryPause: number;
  /** Attempts of one activity before the run fails. */
  attempts: number;
  /** How long a product's own job may run before it counts as stuck. */
  job?: number | undefined;
  /** How long the copy of a delegated backup may take before it counts as overdue. */
  copy?: number | undefined;
}

/**
 * A target as it was when the run began, without secrets. It stays in the history, so that a change of the
 * configuration in mid-run changes nothing.
 */
export interface TargetSnapshot {
  target: string;
  product: string;
  /** Who moves the bytes; absent: Holdfast does. */
  kind?: 'delegated' | undefined;
  taskQueue: string;
  /** The product's own settings, already checked by its schema; secrets are references. */
  connection: Record<string, unknown>;
  store: StoreSettings;
  encryption?: Encryption | undefined;
  limits: { concurrency: number; bytesPerSecond?: number | undefined };
  timeouts: Timeouts;
  /** Workflow ids of the locks, in the order in which they are taken. */
  locks: string[];
  protected: boolean;
  safetyBackup: boolean;
  notify?: Listener[] | undefined;
}
