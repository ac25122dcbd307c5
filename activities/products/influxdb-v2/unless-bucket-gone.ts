import type { RestoreStep } from '../product.ts';
import { unlessGone } from '../unless-gone.ts';
import type { Resources } from './resources.ts';

/**
 * @param bucket the id of the one that this restore created
 * @returns what the upload failed with
 */
export function unlessBucketGone(
  error: unknown,
  { subject }: RestoreStep,
  bucket: string,
  resources: Resources,
): Promise<unknown> {
  return unlessGone(error, {
    isGone: async () => (await resources.bucket(bucket)) === undefined,
    message: `During the restore somebody removed the bucket at ${resources.client.server} that was created for ${subject}.`,
  });
}
