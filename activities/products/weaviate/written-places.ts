import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';

/** What a backup says of objects that went while it was taken. */
export function deletedMeanwhile(
  places: readonly string[],
  how: 'deleted' | 'deleted, or expired,',
): Warning[] {
  if (places.length === 0) return [];
  const message = `Objects were ${how} while the backup was taken: ${told(places)}.`;
  return [{ code: 'OBJECTS_DELETED', message }];
}

/** What it says of all other writes. */
export function writtenMeanwhile(changes: readonly string[]): Warning[] {
  if (changes.length === 0) return [];
  return [
    {
      code: 'WRITTEN_DURING_BACKUP',
      message: `What was written while the backup was taken may or may not be in it: ${told(changes)}.`,
    },
  ];
}

/** What a restore says of places that were written to while the backup was taken. */
export function unprovenWritten(places: readonly string[]): Warning[] {
  if (places.length === 0) return [];
  return [
    {
      code: 'WRITTEN_DURING_BACKUP',
      message: `These were written to while the backup was taken, so whether all that it holds of them came back cannot be told, and none of them counts as proven: ${told(places)}.`,
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
