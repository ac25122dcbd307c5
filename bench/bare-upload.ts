import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';

const PART_BYTES = 16 * 1024 * 1024;

/**
 * The SDK's own client with its default settings, for a store of this machine.
 * @param signed false: the body's hash is left out of the signature
 */
export function bareClient(
  store: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string },
  signed: boolean,
): S3Client {
  const client = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: store,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  if (signed) return client;
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload', priority: 'low' },
  );
  return client;
}

/** One object in parts of 16 MiB, one after another: no hash, no check, no retry, no record. */
export async function uploadBarely(
  client: S3Client,
  place: { Bucket: string; Key: string },
  body: AsyncIterable<Buffer>,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const parts: CompletedPart[] = [];
  const buffer = Buffer.allocUnsafe(PART_BYTES);
  let filled = 0;
  const flush = async () => {
    const PartNumber = parts.length + 1;
    const Body = buffer.subarray(0, filled);
    const part = { ...place, UploadId, PartNumber, Body };
    const { ETag } = await client.send(new UploadPartCommand(part));
    parts.push({ PartNumber, ETag });
    filled = 0;
  };
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(buffer, filled, at);
      at += copied;
      filled += copied;
      if (filled === PART_BYTES) await flush();
    }
  }
  if (filled > 0) await flush();
  const MultipartUpload = { Parts: parts };
  await client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
}
