/** Names that other programs and people rely on: permanent (docs/formats.md). */

export const TASK_QUEUE = 'holdfast';

export const OPERATIONS = ['backup', 'restore', 'verify', 'copy', 'delete'] as const;
export type Operation = (typeof OPERATIONS)[number];

export const SIGNAL = { cancel: 'cancel', figures: 'figures', release: 'release' } as const;
export const QUERY = { progress: 'progress', holder: 'holder' } as const;

/** Typed search attributes, by name and Temporal's type. */
export const SEARCH_ATTRIBUTES = {
  HoldfastTarget: 'KEYWORD',
  HoldfastProduct: 'KEYWORD',
  HoldfastStore: 'KEYWORD',
  HoldfastBackup: 'KEYWORD',
  HoldfastOutcome: 'KEYWORD',
  HoldfastBytes: 'INT',
} as const;

export type Outcome = 'running' | 'succeeded' | 'warned' | 'failed' | 'cancelled' | 'skipped';

export const lockId = {
  target: (target: string) => `target/${target}`,
  cluster: (product: string, cluster: string) => `cluster/${product}/${cluster}`,
  /** Of what a product wrote under a name, and what rests on it, in one place. */
  objects: (name: string, place: string) => `objects/${name}/${place}`,
};

export function workflowId(operation: Operation, target: string, name: string): string {
  return `${operation}/${target}/${name}`;
}

export function scheduleId(operation: Operation, target: string): string {
  return `${operation}/${target}`;
}

/** `2026-11-20T02:00:00.123Z` becomes `2026-11-20t02-00-00z`: sortable, and safe in keys, names and URLs. */
export function timeName(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(':', '-').toLowerCase()}z`;
}

/**
 * A backup is named by its scheduled (else start) time and its Temporal run, so that a retry meets its own work and
 * two runs never share a name.
 */
export function backupId(time: Date, runId: string): string {
  return `${timeName(time)}-${runSuffix(runId)}`;
}

/** The end of a run id: its beginning is a clock on servers that count in UUID version 7, and the same for hours. */
export function runSuffix(runId: string, length = 6): string {
  return runId.replaceAll('-', '').slice(-length);
}

export const BACKUP_ID = /^\d{4}-\d{2}-\d{2}t\d{2}-\d{2}-\d{2}z-[0-9a-f]{6}(-\d+)?$/;
export const TARGET_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
