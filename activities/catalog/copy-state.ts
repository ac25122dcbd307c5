import type { Collected } from './collected.ts';
import type { Manifest } from './manifest.ts';

/**
 * Where the bytes of a delegated backup lie: `copied`, in the Holdfast store too; `pending`, beside the database alone;
 * `overdue`, the same and for longer than the target allows.
 */
export type CopyState = 'copied' | 'pending' | 'overdue';

/** @returns undefined for a streamed backup, whose bytes lie in the Holdfast store from the beginning */
export function copyStateOf(
  { delegated, times }: Manifest,
  collected: Collected | undefined,
  patienceMs: number,
  now = Date.now(),
): CopyState | undefined {
  if (!delegated) return undefined;
  if (collected) return 'copied';
  return now - Date.parse(times.completed) > patienceMs ? 'overdue' : 'pending';
}

/** Whether what loses the database's own bytes loses the whole backup. */
export function isSameFailureDomain(copy: CopyState, collected: Collected | undefined): boolean {
  return copy !== 'copied' || collected?.sameFailureDomain === true;
}
