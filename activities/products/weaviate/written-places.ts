import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';

/** What a restore says of places that were written to while the backup was taken. */
export function unprovenWritten(places: readonly string[]): Warning[] {
  if (places.length === 0) return [];
  return [
    {
      code: 'WRITTEN_DURING_BACKUP',
      message: `Fewer objects are there than were counted, in what was written to while the backup was taken: whether the others were never in it or did not come back cannot be told, so nothing more is proven than their samples. ${told(places)}.`,
    },
  ];
}

/** What a restore says of objects that came back and were not left alone until the proof. */
export function unprovenRewritten(places: readonly string[]): Warning[] {
  if (places.length === 0) return [];
  return [
    {
      code: 'WRITES_AFTER_RESTORE',
      message: `Objects were written after the backup was complete, so clients are at work already, and what the restore brought back of these cannot be compared any more: ${told(places)}.`,
    },
  ];
}
