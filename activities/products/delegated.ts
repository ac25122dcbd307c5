import type { z } from 'zod';
import type { Preflight, RestoreTotals, Undone } from '../../workflows/contract/activities.ts';
import type { RestorePlan, RestoreRequest } from '../../workflows/contract/operations.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import type { Store } from '../stores/store.ts';
import type { ProductContext, ProductOption } from './product.ts';

/**
 * A database whose server writes its backups to object storage by itself. Holdfast has it begin, asks until it has
 * ended, checks what was written, and copies it to a store of its own. The guarantees of `Product` hold here too.
 */
export interface DelegatedProduct {
  readonly name: string;
  readonly kind: 'delegated';
  /** Default: none. A run that asks for another is told that nothing comes of it. */
  readonly honours?: readonly ProductOption[];
  /** The `connection` of a target; secrets are references. */
  readonly connection: z.ZodObject;
  /** Where the server writes its backups, as the workers reach it. Keys of the product are relative to it. */
  storage(connection: Record<string, unknown>): StoreSettings;
  /** As `unfiltered` of a product whose backups Holdfast streams. */
  unfiltered?(connection: Record<string, unknown>): Record<string, unknown>;
  /** What the database held, by the `detail` of a backup (also of an older version's). Absent: the product does not count. */
  held?(detail: Record<string, unknown>): Held | undefined;
  /** Which database `observe` looked at, by what it returned (also of an older version's). Absent: nothing tells two apart. */
  identity?(observed: Record<string, unknown>): string | undefined;
  /** As `locks` of a product whose backups Holdfast streams. */
  locks?(connection: Record<string, unknown>): string[];
  /** Connects with the settings of a snapshot; opens no socket before the first call. */
  connect(context: DelegatedContext): DelegatedSession;
}

/** How much a database held when a backup of it was taken, whether the backup rests on others or not. */
export interface Held {
  /** Classes, and tenants of those that have them; tables. */
  places: number;
  /** Absent when some places could not be counted. */
  objects?: number | undefined;
  /** What people call the two. */
  words: { places: string; objects: string };
}

export interface DelegatedContext extends ProductContext {
  /** What `storage` names. */
  storage: Store;
  /**
   * The newest committed backup of the target, on which an incremental one may rest. Absent: there is none, a full one
   * was asked for, or no backup is begun in this session.
   */
  previous?: PreviousBackup | undefined;
  /**
   * Which database has the backup that this session is about, as `preflight` or `identity` told it: another one, to which
   * the address leads meanwhile, knows no such backup, and must not be believed. Absent: it is not known.
   */
  identity?: string | undefined;
}

export interface PreviousBackup {
  /** The name under which the product knows it. */
  name: string;
  /** Names of those that it rests on itself. */
  bases: string[];
  /** As `inventory` gave it. */
  detail: Record<string, unknown>;
  /** Its objects as it was committed, and of those that it rests on. @throws BACKUP_UNKNOWN, BACKUP_DAMAGED */
  objects?(): AsyncIterable<ProductObject>;
}

export interface DelegatedSession {
  preflight(purpose: 'backup' | 'restore'): Promise<Preflight>;
  readonly backup: BackupJobs;
  readonly restore: RestoreJobs;
  /** Ends connections. */
  close(): Promise<void>;
}

/** What the product says of a job. */
export interface JobReport {
  /** `absent`: it knows of no such job. An unknown word of the product is `running`. */
  state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'absent';
  /** The product's own words, for people: `STARTED`, `in_progress`, an error that it tells. */
  words: string;
}

/** The product's own backups. A `name` is one job of one round of one run; the product sees it as its backup's name. */
export interface BackupJobs {
  /**
   * Looks at the database before the job begins: what a restore is later compared with. Kept in the store and handed
   * to `inventory`; below 16 MiB of JSON.
   */
  observe(): Promise<Record<string, unknown>>;

  /**
   * Has the product begin a backup under `name`, or finds the one that an earlier attempt of this run began: a lost
   * answer neither begins two nor burns a name. `since`: when this run first asked for this name.
   * @throws JOB_NAME_TAKEN when the name is another's, TARGET_BUSY while something else runs, and final refusals
   */
  start(name: string, since: Date): Promise<void>;

  /**
   * Whether what the product has under `name` is of the run that first asked for it at `since`; true when it has
   * nothing. Asked where a run may have ended before it knew.
   */
  isOurs(name: string, since: Date): Promise<boolean>;

  /** What the product says now. Its faults that pass are thrown with a code that may be retried. */
  poll(name: string): Promise<JobReport>;

  /** When to ask again, in milliseconds. */
  pauseMs(elapsedMs: number): number;

  /** Below it lies everything that the product writes under `name`; ends in `/`. Counted between polls, as progress. */
  prefix(name: string): string;

  /**
   * After success: waits until it is durable, checks by the product's own rules that nothing is missing, and lists
   * every object that belongs to it. Looks at the database again and tells writes that went on from loss.
   * @throws BACKUP_INCOMPLETE naming what is missing
   */
  inventory(name: string, observed: Record<string, unknown>): Promise<Inventory>;

  /** Asks the product to stop. Its end shows in `poll`. A job that has ended, or never began, is no error. */
  cancel(name: string): Promise<void>;

  /**
   * Removes everything that the product wrote under `name` and nothing else: by its own call where it has one, else the
   * objects below `prefix`. Only called when nothing runs under it. What is gone already is no error.
   * @throws BACKUP_NEEDED when others rest on it: then nothing was removed, by no attempt
   */
  remove(name: string): Promise<void>;

  /** Throws when the product could not remove a backup now. Absent: the objects below `prefix` are all that there is to remove. */
  mayRemove?(name: string): Promise<void>;
}

export interface Inventory {
  objects: ProductObject[];
  /** Holdfast's own record beside them (counts and digests for the proof): stored in the backup at the commit. */
  files: { path: string; role: string; subject: string; bytes: Uint8Array }[];
  /** Names of the product's backups that this one rests on (an incremental's bases). */
  bases: string[];
  detail: Record<string, unknown>;
  warnings: Warning[];
}

/** A committed backup of a delegated product, as a restore reads it. */
export interface DelegatedBackup {
  readonly manifest: Manifest;
  /** The name under which the product knows it. */
  readonly name: string;
  /** Also of the backups that it rests on. */
  objects(): AsyncIterable<ProductObject>;
  /** A file that `inventory` returned, by its path. @throws BACKUP_DAMAGED */
  file(path: string): Promise<Uint8Array>;
}

/** The product's own restores. `plan` and state are kept in the store between the calls, so they survive any worker. */
export interface RestoreJobs {
  /**
   * Looks at backup and destination, and changes nothing. `run` is unique and safe in names. `earlier` is the detail of
   * this run's plan when it is only to be seen whether that still holds: nothing counts that it could not tell of, since an
   * older version may have made it.
   */
  plan(request: {
    backup: DelegatedBackup;
    restore: RestoreRequest;
    destination: string;
    run: string;
    earlier?: Record<string, unknown> | undefined;
  }): Promise<PlannedJob>;

  /**
   * Has the product begin, or finds what an earlier attempt of this run began after `since`. The objects of the
   * backup lie in the destination's storage. Returns what the later calls need.
   */
  start(plan: PlannedJob, since: Date, notes?: RequestNotes): Promise<Record<string, unknown>>;
  /** `state` is empty when a request to begin was broken off: then it is looked for, and may be `absent`. */
  poll(plan: PlannedJob, state: Record<string, unknown>): Promise<JobReport>;
  pauseMs(elapsedMs: number): number;
  /** Asks the product to stop what this run began, and nothing else. `state` is absent when it is not known whether it did. */
  cancel(plan: PlannedJob, state: Record<string, unknown> | undefined): Promise<void>;

  /** Compares what came back with what the backup recorded; counts for progress go to `onProgress`. */
  prove(
    plan: PlannedJob,
    state: Record<string, unknown>,
    backup: DelegatedBackup,
    onProgress: (counts: { artifacts?: number; bytes?: number }) => void,
  ): Promise<ProvenJob>;

  /** After the proof: what is left to do (aliases, a restart that a person must make: a warning). */
  finish(
    plan: PlannedJob,
    state: Record<string, unknown>,
  ): Promise<{ restored: string[]; warnings: Warning[] }>;

  /**
   * Nothing runs any more. Removes what the restore created, or leaves it where that would do harm and says so.
   * `unknown` names checks that a person must make, when the product cannot say in what state it is.
   */
  undo(
    plan: PlannedJob,
    state: Record<string, unknown> | undefined,
    keep: boolean,
  ): Promise<Undone & { unknown?: string }>;
}

/**
 * Products tell neither who began a restore nor under which name, and anybody may begin one of the same backup: what an
 * adapter notes around its request tells later whether a restore that runs can be this run's.
 */
export interface RequestNotes {
  /** Before the request: what there is that is not this run's. */
  asking(look: Record<string, unknown>): Promise<void>;
  /** The product answered that nothing came of it. */
  refused(): Promise<void>;
}

export interface PlannedJob {
  summary: RestorePlan;
  /** The product's name of the backup: where its objects are expected. */
  name: string;
  /** Only objects whose key begins with one of these are needed. Absent: all. */
  prefixes?: string[];
  /** The adapter's own; without secrets. */
  detail: Record<string, unknown>;
  /**
   * The first request of this run that the product may have heard, and what was there before it. `null`: there is none,
   * so without a state nothing is this run's. Absent: nobody knows.
   */
  asked?: { at: string; look: Record<string, unknown> } | null | undefined;
}

export interface ProvenJob {
  totals: RestoreTotals;
  warnings: Warning[];
}
