import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { faultOf, isOfArchived } from './failure.ts';
import { readObject, type ReadRequest } from './read-object.ts';
import type { S3Requests } from './requests.ts';

/** Classes whose objects are not served as they are. */
export const ARCHIVE_CLASSES = ['GLACIER', 'DEEP_ARCHIVE'];
/** Moves objects into an archive by itself where its bucket is set so, which listings do not tell. */
const TIERING = 'INTELLIGENT_TIERING';

/** What a listing tells of an object: its class, and not whether it was brought back. */
export function perhapsArchived(storageClass: string | undefined): { archived?: 'perhaps' } {
  const suspect = [...ARCHIVE_CLASSES, TIERING].includes(storageClass ?? '');
  return suspect ? { archived: 'perhaps' } : {};
}

/**
 * Whether an object is not served. Some services call a class by the name of one of AWS's and serve what is in it, so the
 * word of a HEAD is tried on one byte.
 */
export async function isArchived(
  requests: S3Requests,
  found: HeadObjectCommandOutput,
  request: ReadRequest,
): Promise<boolean> {
  const { StorageClass = '', ArchiveStatus, Restore = '', ContentLength = 0 } = found;
  const broughtBack = Restore.includes('ongoing-request="false"');
  if (broughtBack || (!ArchiveStatus && !ARCHIVE_CLASSES.includes(StorageClass))) return false;
  const range = { start: 0, end: Math.min(1, ContentLength) };
  try {
    for await (const _ of readObject(requests, { ...request, ...range }));
    return false;
  } catch (error) {
    if (isOfArchived(faultOf(error))) return true;
    throw error;
  }
}
