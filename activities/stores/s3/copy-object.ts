import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { eachBounded } from '../../each-bounded.ts';
import { delayed, onAbort, settledWithin } from '../interruption.ts';
import type { StoreResources } from '../resources.ts';
import { etagOf, quoted } from './etag.ts';
import { faultOf, isDenied, isNotServed, isOfArchived, isPassing } from './failure.ts';
import { PartsUpload } from './multipart-upload.ts';
import { newMark, whoseObject, WRITE_MARK, type Written } from './own-object.ts';
import type { PartSizes } from './part-sizes.ts';
import { AlreadyThere, COMMIT_GRACE_MS, isConflict, refuseTaken } from './put-object.ts';
import type { S3Requests } from './requests.ts';

/** Parts of one object that the service copies at a time. */
const PARTS_AT_ONCE = 8;
/** How long a caller waits for the end of a copy that failed; it goes on afterwards by itself. */
const CLEANING_MS = 500;

export interface CopySource {
  requests: S3Requests;
  bucket: string;
  key: string;
  /** As it was looked at. */
  bytes: number;
  etag: string;
  /** What to throw when it is another by now. */
  changed: () => Error;
  /** What to throw when it is there and not served. */
  archived: (error: unknown) => Error;
}

interface CopyContext {
  requests: S3Requests;
  resources: StoreResources;
  sizes: PartSizes;
  background: (work: Promise<unknown>) => void;
}

/** Thrown where the service cannot do it, or may not; nothing was written then. */
class NoCopy extends Error {}

/** @returns undefined when the service does not copy these objects; then nothing was written */
export async function copyObject(
  context: CopyContext,
  from: CopySource,
  { fresh, ...where }: { bucket: string; key: string; fresh: boolean },
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; etag?: string } | undefined> {
  const { requests, resources, sizes } = context;
  const { wholeBytes } = resources.copy;
  if (requests.abilities.copies === 'no') return undefined;
  if (from.bytes > Math.min(sizes.maxObjectBytes, wholeBytes * sizes.maxParts)) return undefined;
  const written: Written = { ...where, mark: newMark(), bytes: from.bytes };
  try {
    // Even one that obeys the condition when it is sent an object may overlook it when it copies one.
    if (!fresh && requests.checksums === 'WHEN_REQUIRED')
      await refuseTaken(requests, written, signal);
    if (from.bytes > wholeBytes) return await copyParts(context, from, where, signal);
    return await copyWhole(requests, from, written, signal);
  } catch (error) {
    if (isOfArchived(faultOf(error))) throw from.archived(error);
    if (!(error instanceof NoCopy)) throw error;
    const { cause } = error;
    if (isDenied(faultOf(cause))) requests.unrelate(from.requests);
    else requests.abilities.copies = 'no';
    return undefined;
  }
}

async function copyWhole(
  requests: S3Requests,
  from: CopySource,
  written: Written,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; etag?: string }> {
  const { bytes, etag } = from;
  const { abilities } = requests;
  const conditional = abilities.copies === 'yes';
  const patient = delayed(signal, COMMIT_GRACE_MS);
  try {
    signal?.throwIfAborted();
    const { CopyObjectResult: result } = await requests.send(
      { signal: patient.signal, commits: true, passing: isConflict },
      (client, bind) =>
        client.send(
          bind(
            new CopyObjectCommand({
              Bucket: written.bucket,
              Key: written.key,
              CopySource: sourceOf(from),
              CopySourceIfMatch: quoted(etag),
              MetadataDirective: 'REPLACE',
              Metadata: { [WRITE_MARK]: written.mark },
              ContentType: 'application/octet-stream',
              ...(conditional && { IfNoneMatch: '*' }),
            }),
          ),
        ),
    );
    return { bytes, ...etagOf(result?.ETag) };
  } catch (error) {
    patient.signal.throwIfAborted();
    if (conditional && isNotServed(error)) {
      abilities.copies = 'unconditionally';
      return await copyWhole(requests, from, written, signal);
    }
    const { status } = faultOf(error);
    if (status === 412 || isPassing(error)) {
      // Perhaps an earlier try of this very call was the one that got through.
      const whose = await whoseObject(requests, written, { signal: patient.signal });
      if (whose === 'own') return { bytes };
      if (whose !== 'none') throw new AlreadyThere();
      if (status === 412) throw from.changed();
    }
    throw cannot(error);
  } finally {
    patient.end();
  }
}

async function copyParts(
  context: CopyContext,
  from: CopySource,
  where: { bucket: string; key: string },
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; etag?: string }> {
  const { bytes, etag } = from;
  const { requests, resources, sizes } = context;
  const upload = new PartsUpload(requests, where);
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal?.reason));
  const size = Math.max(resources.copy.partBytes, Math.ceil(bytes / sizes.maxParts));
  const starts = Array.from({ length: Math.ceil(bytes / size) }, (_, index) => index * size);
  try {
    await eachBounded(starts, PARTS_AT_ONCE, async (start, index) => {
      const range = { start, end: Math.min(bytes, start + size) };
      await upload
        .copyPart(index + 1, { source: sourceOf(from), etag, ...range }, stop.signal)
        .catch((error: unknown) => {
          stop.abort(error);
          throw error;
        });
    });
    await upload.complete(stop.signal);
    return { bytes };
  } catch (error) {
    const cleaning = upload.abort().catch(() => undefined);
    context.background(cleaning);
    await settledWithin(cleaning, CLEANING_MS);
    signal?.throwIfAborted();
    if (error instanceof AlreadyThere) throw error;
    throw faultOf(error).status === 412 ? from.changed() : cannot(error);
  } finally {
    forget();
  }
}

/** What the service refuses as such, it may well take by another way. */
function cannot(error: unknown): unknown {
  const refused = isNotServed(error) || isDenied(faultOf(error));
  return refused ? new NoCopy('no copy', { cause: error }) : error;
}

function sourceOf({ bucket, key }: CopySource): string {
  return `${bucket}/${key}`.split('/').map(encodeURIComponent).join('/');
}
