import { HoldfastError } from '../../failure.ts';
import type { RestoreStep } from '../product.ts';
import type { Resources } from './resources.ts';

/**
 * The server answers an upload into a bucket that somebody has removed as it does its own faults, and no retry brings
 * the bucket back.
 * @param bucket the id of the one that this restore created
 * @returns what the upload failed with
 */
export async function unlessBucketGone(
  error: unknown,
  { subject }: RestoreStep,
  bucket: string,
  resources: Resources,
): Promise<unknown> {
  if (!(error instanceof HoldfastError) || !error.retryable) return error;
  const gone = await resources.bucket(bucket).then(
    (live) => live === undefined,
    () => false,
  );
  if (!gone) return error;
  return new HoldfastError(
    'DESTINATION_CHANGED',
    `During the restore somebody removed the bucket at ${resources.client.server} that was created for ${subject}.`,
    { cause: error },
  );
}
