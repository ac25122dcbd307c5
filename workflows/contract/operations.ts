import type { Warning } from './progress.ts';

/** The inputs and results of the workflows: permanent API. Only optional fields are ever added. */

export interface BackupRequest {
  target: string;
  note?: string;
  tags?: Record<string, string>;
  full?: boolean;
}

export interface BackupReport {
  backup: string;
  target: string;
  store: string;
  /** Where the store was: a path, or `s3://bucket/prefix`. */
  place?: string;
  state: 'ok' | 'suspect';
  /** Delegated: its bytes lie where the product put them, until the workflow named here has copied them. */
  sameFailureDomain?: { copy: string };
  artifacts: number;
  objects: number;
  /** As they lie in the store. */
  storedBytes: number;
  plainBytes: number;
  durationMs: number;
  warnings: Warning[];
}

/** An operation that met a held lock and was started by a schedule: nothing was done, and that is said. */
export interface Skipped {
  skipped: true;
  heldBy: string;
  operation: string;
  since: string;
}

export interface Selection {
  organisations?: string[];
  buckets?: string[];
  databases?: string[];
  retentionPolicies?: string[];
  classes?: string[];
}

export type OnConflict = 'fail' | 'rename' | 'replace';

export interface RestoreRequest {
  target: string;
  /** An id, or `latest` (the default). */
  backup?: string;
  /** Another target of the same product; default: the target itself. */
  into?: string;
  select?: Selection;
  /** Old name to new name. */
  rename?: Record<string, string>;
  onConflict?: OnConflict;
  /** The name of the destination target, for a restore that replaces what is there. */
  confirm?: string;
  safetyBackup?: boolean;
  keepDeleted?: boolean;
  dryRun?: boolean;
}

/** What a restore will do (or, with `dryRun`, would do). Every list holds names that a person knows. */
export interface RestorePlan {
  backup: string;
  from: string;
  into: string;
  /** Replaces something irrevocably; needs `confirm`. */
  destructive: boolean;
  /** Whether the destination is backed up before that. */
  safetyBackup?: boolean;
  creates: string[];
  replaces: string[];
  leaves: string[];
  /** Tokens, mappings and the like that are bound to what is replaced. */
  bound: string[];
  artifacts: number;
  /** Plain bytes. */
  bytes: number;
  warnings: Warning[];
}

export interface RestoreReport {
  dryRun: boolean;
  plan: RestorePlan;
  restored: string[];
  /** How each artifact was proven: byte-identical, or equal in series and time ranges after a compaction. */
  proof: { identical: number; equivalent: number };
  safetyBackup?: string;
  /** Of the safety backup, as `BackupReport` tells it. */
  sameFailureDomain?: { copy: string };
  bytes: number;
  durationMs: number;
  warnings: Warning[];
}

export interface CopyRequest {
  target: string;
  /** An id, or `latest` (the default). */
  backup?: string;
  /** The store that the copy goes to: the target's own, until more are supported. */
  to?: string;
}

export interface CopyReport {
  backup: string;
  target: string;
  store: string;
  objects: number;
  /** As they lie in the store. */
  storedBytes: number;
  /** How the bytes were moved: by the store itself, or through the worker; `mixed` when it was both. */
  method: 'server-side' | 'streamed' | 'mixed';
  durationMs: number;
  warnings: Warning[];
}

export interface DeleteRequest {
  target: string;
  /** An id: the newest one is never meant by accident. */
  backup: string;
  /** The same id once more: nothing brings the backup back. */
  confirm?: string;
}

export interface DeleteReport {
  backup: string;
  target: string;
  store: string;
  /** The name under which the product knew it, when what the product wrote was removed too. */
  product?: string;
  /** What was removed from the store. */
  objects: number;
  bytes: number;
  durationMs: number;
  warnings: Warning[];
}

export interface VerifyRequest {
  target: string;
  backup?: string;
  depth?: 'quick' | 'deep';
}

export interface Finding {
  /** A failure code, or a code of the check that found it. */
  code: string;
  object: string;
  message: string;
}

export interface VerifyReport {
  backup: string;
  target: string;
  depth: 'quick' | 'deep';
  ok: boolean;
  objects: number;
  bytes: number;
  /** Encrypted objects that could only be hashed, because this host has no identity. */
  onlyHashed: number;
  /** The first hundred. */
  findings: Finding[];
  /** All that there are. */
  findingsCount?: number;
  durationMs: number;
  warnings: Warning[];
}
