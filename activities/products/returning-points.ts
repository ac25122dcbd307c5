import type { Warning } from '../../workflows/contract/progress.ts';
import type { RestoreStep } from './product.ts';

/** The server ignores tombstones in what it restores, so deleted points come back; a person must know before. */
export function returningPoints(steps: RestoreStep[]): Warning[] {
  const affected = steps.filter((step) =>
    step.lines.some((line) => line.entries?.some(({ name }) => name.endsWith('.tombstone'))),
  );
  if (affected.length === 0) return [];
  const names = affected.slice(0, 5).map(({ subject }) => subject);
  const more = affected.length - names.length;
  return [
    {
      code: 'TOMBSTONES_PRESENT',
      message: `Points that had been deleted come back in ${affected.length} of ${steps.length} shards (${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}): repeat the deletions after the restore.`,
    },
  ];
}
