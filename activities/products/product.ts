import type { z } from 'zod';
import type { Preflight } from '../../workflows/contract/activities.ts';
import type { RestorePlan, RestoreRequest } from '../../workflows/contract/operations.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { ObjectLine, Manifest } from '../catalog/manifest.ts';

/** What a request may ask for that only some products can do. */
export type ProductOption = 'full' | 'keepDeleted';

export interface StreamedProduct {
  /** Folder, registry key, metric label, simulator and test file bear the same name. */
  readonly name: string;
  readonly kind: 'streamed';
  /** Other products whose backups can be restored into this one. */
  readonly takes?: readonly string[];
  /** Default: none. A run that asks for another is told that nothing comes of it. */
  readonly honours?: readonly ProductOption[];
  /** It cannot be backed up: only a destination. */
  readonly restoreOnly?: true;
  /**
   * A backup names what the one before it holds with the same content, instead of keeping it twice; `full` turns that
   * off. Absent: every backup is complete in its own folder.
   */
  readonly namesEarlier?: true;
  /** The `connection` of a target; secrets are references. */
  readonly connection: z.ZodObject;
  /**
   * The same `connection` without what limits a backup to a part of the database: what a restore is about to replace is
   * backed up as a whole. Absent: nothing limits it.
   */
  unfiltered?(connection: Record<string, unknown>): Record<string, unknown>;
  /**
   * What only one operation may use at a time, whichever target it is of: `<project>/<service>`. Sorted into the locks
   * of a run, before the one of its target. Absent: nothing but the target itself.
   */
  locks?(connection: Record<string, unknown>): string[];
  /** Connects with the settings of a snapshot; opens no socket before the first call. */
  connect(context: ProductContext): ProductSession;
  /**
   * What goes on at the product after a backup was given up, by the notes of its attempts. Asks nobody, and never
   * fails. Absent: nothing goes on.
   */
  givenUp?(backup: {
    connection: Record<string, unknown>;
    notes: Pick<Notebook, 'recall'>;
  }): Promise<Warning[]>;
  /**
   * What the product's own tool calls a file of `data/` that is joined and decrypted. Absent: as it lies there, since
   * the tool's manifest names it so.
   */
  toolName?(name: string): string;
  /**
   * Reads a directory that the product's own tool wrote, as the source of a backup. Absent: there is no such tool.
   * @throws INPUT_INVALID, BACKUP_FORMAT_NEWER, BACKUP_DAMAGED
   */
  openDirectory?(directory: string): Promise<DirectorySource>;
}

/** A backup by the product's own tool. */
export interface DirectorySource extends BackupSource {
  /** When it was taken. */
  startedAt: Date;
  /** When the oldest of what it holds was taken, where several backups make it up; default: `startedAt`. */
  oldest?: Date;
  artifacts: ArtifactPlan[];
}

export interface ProductContext {
  target: string;
  /** Checked by `connection`. */
  connection: Record<string, unknown>;
  /** In a restore, the target that the backup is of: what comes back may be used with its credentials. */
  source?: { target: string; connection: Record<string, unknown> } | undefined;
  /** Streams at a time. */
  concurrency: number;
  /** A read or write without a byte for so long is stalled. */
  stallMs: number;
  signal: AbortSignal;
}

export interface ProductSession {
  preflight(purpose: 'backup' | 'restore'): Promise<Preflight>;
  readonly backup: BackupSource;
  readonly restore: RestoreSink;
  /** What restores that were terminated left in the database. Absent: they leave nothing there. */
  readonly leftovers?: DatabaseLeftovers;
  /** Ends connections. */
  close(): Promise<void>;
}

export interface DatabaseLeftovers {
  /** Everything that bears the name of a restore under way, whoever began it and whether it runs. */
  find(): Promise<DatabaseLeftover[]>;
  /**
   * Removes it, if it still is what was found.
   * @param begun when its restore began; absent when nobody knows any more
   */
  remove(leftover: DatabaseLeftover, begun?: Date): Promise<void>;
}

export interface DatabaseLeftover {
  id: string;
  /** For people: `acme/telemetry.restoring-1f2e3d4c`. */
  name: string;
  /** The `run` that its restore was planned with. */
  run: string;
}

/** What a backup reads. */
export interface BackupSource {
  /**
   * Takes what must be taken at one moment (metadata) and lists what is to be streamed. Artifacts handed to `store`
   * are stored before it returns. `spool` is a folder of this attempt's own (mode 0700), removed afterwards.
   */
  capture(sink: {
    spool: string;
    startedAt: Date;
    /** What earlier attempts at this backup have to tell. */
    notes: Notebook;
    job: CapturedJob;
    /** What this backup is measured against. Absent, or undefined: there is nothing. */
    before?: (() => Promise<Pick<BackupReader, 'manifest' | 'objects'> | undefined>) | undefined;
    /**
     * `open` may be called again, when a long artifact has to be split. What an earlier attempt stored is of another
     * moment and stays aside; with `keepSame` it is kept when the source, read to its end, has the very same bytes:
     * only when it has others is `open` called again. To know them, it is read back first, unless `known` tells what
     * `store` returned for it then.
     */
    store(
      artifact: ArtifactPlan,
      open: () => Promise<OpenArtifact>,
      options?: { keepSame?: boolean; known?: ObjectLine[] | undefined },
    ): Promise<ObjectLine[]>;
  }): Promise<Capture>;

  /** Opens one planned artifact. `gone` when it no longer exists at the source, which is no failure. */
  open(artifact: ArtifactPlan): Promise<OpenArtifact | 'gone'>;

  /**
   * What the product adds once everything is stored: files that its own tools expect beside the data, warnings, and
   * the `detail` of the manifest.
   */
  conclude(taken: {
    startedAt: Date;
    detail: Record<string, unknown>;
    objects: AsyncIterable<ObjectLine>;
    gone: string[];
    /** What this backup is measured against. Absent, or undefined: there is nothing. */
    before?: () => Promise<Pick<BackupReader, 'manifest' | 'objects'> | undefined>;
  }): Promise<Conclusion>;
}

/** What the product does by itself before its bytes can be streamed, for those who watch. */
export interface CapturedJob {
  /** How long it may take before it counts as stuck. */
  readonly patienceMs: number;
  /** In the product's own words; undefined when it has ended. */
  says(words: string | undefined): void;
}

/** What the attempts at one backup tell each other: it outlives any worker, and goes with the work of the backup. */
export interface Notebook {
  recall(key: string): Promise<Note | undefined>;
  /**
   * Each key is written once: the first one counts, also between attempts beside each other.
   * @returns what counts
   */
  remember(key: string, note: Note): Promise<Note>;
}

/** Small, and never a secret. */
export type Note = Readonly<Record<string, string | number | boolean>>;

/** One stream of bytes to take: small, because plans hold thousands. */
export interface ArtifactPlan {
  /** Below `data/`, without the suffixes of compression, attempt, encryption and parts: `20261120T020000Z.31.tar`. */
  path: string;
  role: string;
  /** For people: `telemetry/shard 31`. */
  subject: string;
  /** Checks that the pipeline makes while the bytes pass. */
  format: 'tar' | 'bolt' | 'sqlite' | 'bytes';
  /** What the adapter needs to open it: ids, never secrets. */
  key: Record<string, string | number>;
  /** Plain bytes, when the product tells. */
  bytes?: number;
  /** Bytes as they come, when they are known: what is longer than an object may be is split from the start. */
  storedBytes?: number;
}

export interface OpenArtifact {
  body: AsyncIterable<Uint8Array>;
  /** How the body is compressed as it comes. It is stored as it comes. */
  codec: 'identity' | 'gzip';
  /** The body ends or bridges a silence by itself. Absent: the pipeline ends it after `stallMs`. */
  endsSilence?: true;
}

export interface Capture {
  artifacts: ArtifactPlan[];
  /** Since when the product has taken it, where an earlier attempt may have begun. Absent: since it was called. */
  from?: Date;
  /**
   * Of what was stored, that of which the backup consists: a source that was read again may have become another one
   * meanwhile. Absent: all of it.
   */
  lines?: ObjectLine[];
  /** Kept in the plan and handed to `conclude`; below 16 MiB of JSON. */
  detail: Record<string, unknown>;
  warnings: Warning[];
}

export interface Conclusion {
  files: { path: string; role: string; subject: string; bytes: Uint8Array }[];
  detail: Record<string, unknown>;
  warnings: Warning[];
  /** The source still has to have something that its last backup holds, and could not give it: the backup is suspect. */
  lacking?: boolean;
}

/** A committed backup, as a restore reads it. */
export interface BackupReader {
  readonly manifest: Manifest;
  /** The lines of every object, in the manifest's order. */
  objects(): AsyncIterable<ObjectLine>;
  /**
   * The plain bytes of an artifact: parts joined, decrypted, decompressed when `decompress`. Throws BACKUP_DAMAGED at the
   * latest where the last byte would be, unless every hash agreed.
   */
  open(lines: ObjectLine[], options?: { decompress?: boolean }): AsyncIterable<Uint8Array>;
}

/** What a restore writes. `plan` and steps are kept in the store between the calls, so they survive any worker. */
export interface RestoreSink {
  /** Looks at backup and destination, and changes nothing. `run` is unique and safe in names. */
  plan(request: {
    backup: BackupReader;
    restore: RestoreRequest;
    destination: string;
    run: string;
  }): Promise<PlannedRestore>;

  /**
   * Creates what the steps go into, under names of this run alone. Returns the state that the steps need. `takesAway` is
   * called right before each call that takes away what is there; it throws when that may be what a later attempt made,
   * and returns whether this restore has called it before. Absent: there is no other attempt.
   */
  prepare(
    plan: PlannedRestore,
    backup: BackupReader,
    takesAway?: () => Promise<boolean>,
  ): Promise<Record<string, unknown>>;

  /** Writes one artifact. */
  apply(
    step: RestoreStep,
    state: Record<string, unknown>,
    body: () => AsyncIterable<Uint8Array>,
  ): Promise<void>;

  /**
   * Whether a step is left out: `prepare` found that what it would go into cannot be there, and `finish` names it. It is
   * neither applied nor proven. Absent: none is.
   */
  leavesOut?(step: RestoreStep, state: Record<string, unknown>): boolean;

  /**
   * Whether others may write into what the steps fill. Reading that back before anything was written may make the server
   * store what they wrote where the backup's own goes, so nothing is proven there that was not surely applied. Absent:
   * nobody does.
   */
  isShared?(state: Record<string, unknown>): boolean;

  /** Reads one artifact back from the destination and compares it with what the backup holds. */
  prove(
    step: RestoreStep,
    state: Record<string, unknown>,
    original: () => AsyncIterable<Uint8Array>,
    spool: string,
  ): Promise<Proof>;

  /** Makes it visible under its final names. After it, the restore cannot be undone. */
  finish(
    plan: PlannedRestore,
    state: Record<string, unknown>,
  ): Promise<{ restored: string[]; warnings: Warning[] }>;

  /** Removes what `prepare` created, or with `keep` leaves it under a name that says what it is. */
  undo(
    plan: PlannedRestore,
    keep: boolean,
    known?: KnownOfPrepare,
  ): Promise<{
    removed: string[];
    quarantined: string[];
    /** What was there before, was taken away to be replaced, and cannot be put back. */
    lost?: string[];
  }>;
}

/** What is known of `prepare` when a restore is undone. */
export interface KnownOfPrepare {
  /** What it returned; absent while it has not ended. */
  state?: Record<string, unknown> | undefined;
  /** Whether it has called `takesAway`. */
  tookAway?: boolean;
}

export interface PlannedRestore {
  summary: RestorePlan;
  steps: RestoreStep[];
  /** The adapter's own; without secrets. */
  detail: Record<string, unknown>;
}

export interface RestoreStep {
  subject: string;
  /** The artifact's lines (one per part). */
  lines: ObjectLine[];
  key: Record<string, string | number>;
}

export type Proof =
  | { result: 'identical' }
  /** @property warning what of it could not be proven */
  | { result: 'equivalent'; warning?: Warning }
  | { result: 'different'; reason: string };
