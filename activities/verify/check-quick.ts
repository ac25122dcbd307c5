import type { Finding } from '../../workflows/contract/operations.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { HoldfastError } from '../failure.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { Store, StoredObject } from '../stores/store.ts';

/** The object is there and served, with its size, and with its CRC32 where the store was sent one and tells it. */
export async function checkQuick(
  store: Store,
  folder: string,
  line: ObjectLine,
  signal: AbortSignal,
): Promise<Finding[]> {
  const key = keyOf(folder, line);
  if (typeof key !== 'string') {
    return [{ code: 'BACKUP_DAMAGED', object: line.path, message: key.message }];
  }
  let there: StoredObject | undefined;
  try {
    there = await store.head(key, { signal, checksum: line.crc32 !== undefined });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_UNREADABLE') throw error;
    return [{ code: error.code, object: key, message: error.message }];
  }
  if (!there) return [{ code: 'OBJECT_MISSING', object: key, message: `${key} is missing.` }];
  if (there.bytes !== line.bytes) {
    const message = `${key} has ${there.bytes} bytes instead of ${line.bytes}.`;
    return [{ code: 'BACKUP_DAMAGED', object: key, message }];
  }
  if (there.crc32 !== undefined && line.crc32 !== undefined && there.crc32 !== line.crc32) {
    const message = `${key} has another checksum in the store (CRC32 ${there.crc32}) than in the manifest (${line.crc32}).`;
    return [{ code: 'BACKUP_DAMAGED', object: key, message }];
  }
  if (there.archived) {
    const message = `${key} is archived: the store does not serve it before it is brought back.`;
    return [{ code: 'OBJECT_ARCHIVED', object: key, message }];
  }
  return [];
}

/** A line that points out of its target is told as a finding, and is nobody's object: then why. */
export function keyOf(folder: string, line: ObjectLine): string | HoldfastError {
  try {
    return lineKey(folder, line);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}
