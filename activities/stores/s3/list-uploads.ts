import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { OpenUpload } from '../store.ts';
import { isPassing } from './failure.ts';
import { senseless, type Listing } from './list-objects.ts';
import type { S3Requests } from './requests.ts';

/** Of a whole bucket, which others may use as well: 10,000 uploads. */
const WHOLE_PAGES = 10;

/** Every upload below the prefix that was begun and not ended. Keys are the bucket's. */
export async function* listUploads(
  requests: S3Requests,
  listing: Listing,
): AsyncIterable<OpenUpload> {
  const { abilities } = requests;
  const seen = new Set<string>();
  for await (const upload of pagesOf(requests, listing)) {
    if (upload.key !== listing.prefix) abilities.uploadsByPrefix = true;
    seen.add(upload.id);
    yield upload;
  }
  if (abilities.uploadsByPrefix || listing.prefix === '') return;
  // MinIO takes the prefix for the whole key of one object, and lists everything where none is given.
  for (const upload of await belowInWhole(requests, listing)) {
    if (!seen.has(upload.id)) yield upload;
  }
}

/** As far as the service tells: it has answered already, and what it tells here is more than it was asked to. */
async function belowInWhole(requests: S3Requests, listing: Listing): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  try {
    for await (const upload of pagesOf(requests, listing, true)) found.push(upload);
  } catch (error) {
    listing.signal?.throwIfAborted();
    if (isPassing(error)) throw error;
    // Refused once, it is refused every time.
    requests.abilities.uploadsByPrefix = true;
  }
  return found;
}

async function* pagesOf(
  requests: S3Requests,
  listing: Listing,
  whole = false,
): AsyncIterable<OpenUpload> {
  const most = whole ? WHOLE_PAGES : Infinity;
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  for (let pages = 0; marker && pages < most; pages++) {
    const from: { KeyMarker?: string; UploadIdMarker?: string } = marker;
    const page = await requests.send({ signal: listing.signal }, (client, bind) =>
      client.send(
        bind(
          new ListMultipartUploadsCommand({
            Bucket: listing.bucket,
            ...(!whole && { Prefix: listing.prefix }),
            ...from,
          }),
        ),
      ),
    );
    for (const { Key: key, UploadId: id, Initiated: startedAt } of page.Uploads ?? []) {
      if (key?.startsWith(listing.prefix) && id !== undefined) {
        yield { key, id, startedAt: startedAt ?? new Date(0) };
      }
    }
    const { NextKeyMarker: key, NextUploadIdMarker: id } = page;
    const same = key === from.KeyMarker && id === from.UploadIdMarker;
    if (page.IsTruncated && (key === undefined || same)) {
      if (whole) return;
      throw senseless(listing);
    }
    marker =
      page.IsTruncated && key !== undefined
        ? { KeyMarker: key, ...(id !== undefined && { UploadIdMarker: id }) }
        : undefined;
  }
}
