import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import type { StoredObject } from '../store.ts';
import { perhapsArchived } from './archived.ts';
import { etagOf } from './etag.ts';
import { faultOf, noBucket } from './failure.ts';
import type { S3Requests } from './requests.ts';

export interface Listing {
  bucket: string;
  /** With the store's own prefix. */
  prefix: string;
  delimiter?: string;
  store: string;
  signal?: AbortSignal | undefined;
}

/** Every object and common prefix, in key order, page by page. Keys are the bucket's. */
export async function* listObjects(
  requests: S3Requests,
  listing: Listing,
): AsyncIterable<StoredObject | { folder: string }> {
  let token: string | undefined;
  do {
    const page = await requests.send({ signal: listing.signal }, (client, bind) =>
      client.send(
        bind(
          new ListObjectsV2Command({
            Bucket: listing.bucket,
            Prefix: listing.prefix,
            ...(listing.delimiter !== undefined && { Delimiter: listing.delimiter }),
            ...(token !== undefined && { ContinuationToken: token }),
          }),
        ),
      ),
    );
    for (const entry of page.Contents ?? []) {
      const { Key: key, Size: bytes, ETag, LastModified } = entry;
      if (key === undefined || bytes === undefined || !key.startsWith(listing.prefix)) {
        throw senseless(listing);
      }
      yield {
        key,
        bytes,
        ...etagOf(ETag),
        ...perhapsArchived(entry.StorageClass),
        ...(LastModified && { modifiedAt: LastModified }),
      };
    }
    for (const { Prefix: folder } of page.CommonPrefixes ?? []) {
      if (folder !== undefined) yield { folder };
    }
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && (next === undefined || next === token)) throw senseless(listing);
    token = next;
  } while (token !== undefined);
}

/**
 * Whether the bucket is there. Not by looking at it: a policy may allow no more than to list what lies below a prefix.
 * @param prefix of which the store has to be allowed to list
 */
export async function seeBucket(
  requests: S3Requests,
  { bucket, prefix, signal }: Pick<Listing, 'bucket' | 'prefix' | 'signal'>,
): Promise<void> {
  try {
    await requests.send({ signal }, (client, bind) =>
      client.send(bind(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }))),
    );
  } catch (error) {
    if (faultOf(error).status === 404) throw noBucket();
    throw error;
  }
}

export function senseless({ store, prefix }: Listing): HoldfastError {
  return new HoldfastError(
    'STORE_ERROR',
    `${store} was asked to list ${prefix} and gave a list that makes no sense.`,
  );
}
