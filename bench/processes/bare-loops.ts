/**
 * The least that Node does for the same bytes: no hash, no check, no retry, no record. `undici` reads, the SDK's own
 * client writes, with its default settings but for the body's hash in the signature, which is left out.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { Agent, request } from 'undici';
import { serve } from './serve.ts';

export interface BareSource {
  url: string;
  token: string;
}

export interface BareStore {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  /** The key of the one object, or the prefix of all. */
  key: string;
}

const PART_BYTES = 16 * 1024 * 1024;

serve({ oneStream, manyShards });

/** One shard, in parts of 16 MiB, one after another. */
async function oneStream(job: { source: BareSource; shard: number; store: BareStore }) {
  const client = connect(job.store);
  const place = { Bucket: job.store.bucket, Key: job.store.key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const parts: CompletedPart[] = [];
  const buffer = Buffer.allocUnsafe(PART_BYTES);
  let filled = 0;
  const flush = async () => {
    const PartNumber = parts.length + 1;
    const Body = buffer.subarray(0, filled);
    const { ETag } = await client.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber, Body }),
    );
    parts.push({ PartNumber, ETag });
    filled = 0;
  };
  for await (const chunk of await download(job.source, job.shard)) {
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
  client.destroy();
}

/** Every shard as one object, `concurrency` at a time. */
async function manyShards(job: {
  source: BareSource;
  shards: number[];
  store: BareStore;
  concurrency: number;
}) {
  const client = connect(job.store);
  const agent = new Agent({ connections: job.concurrency });
  const queue = job.shards.values();
  const lane = async () => {
    for (const shard of queue) {
      const chunks: Buffer[] = [];
      for await (const chunk of await download(job.source, shard, agent)) chunks.push(chunk);
      await client.send(
        new PutObjectCommand({
          Bucket: job.store.bucket,
          Key: `${job.store.key}/${shard}.tar`,
          Body: Buffer.concat(chunks),
          IfNoneMatch: '*',
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, lane));
  await agent.close();
  client.destroy();
}

async function download(source: BareSource, shard: number, dispatcher?: Agent) {
  const { body, statusCode } = await request(`${source.url}/api/v2/backup/shards/${shard}`, {
    headers: { authorization: `Token ${source.token}`, 'accept-encoding': 'identity' },
    ...(dispatcher ? { dispatcher } : {}),
  });
  if (statusCode !== 200) throw new Error(`Shard ${shard} was answered ${statusCode}.`);
  return body as AsyncIterable<Buffer>;
}

function connect(store: BareStore): S3Client {
  const client = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: store,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
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
