/**
 * The least that Node does for the same bytes: no hash, no check, no retry, no record. `undici` reads, the SDK's own
 * client writes, with its default settings but for the body's hash in the signature, which is left out.
 */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Agent, request } from 'undici';
import { bareClient, uploadBarely } from '../bare-upload.ts';
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

serve({ oneStream, manyShards });

/** One shard, in parts of 16 MiB, one after another. */
async function oneStream(job: { source: BareSource; shard: number; store: BareStore }) {
  const client = bareClient(job.store, false);
  const place = { Bucket: job.store.bucket, Key: job.store.key };
  await uploadBarely(client, place, await download(job.source, job.shard));
  client.destroy();
}

/** Every shard as one object, `concurrency` at a time. */
async function manyShards(job: {
  source: BareSource;
  shards: number[];
  store: BareStore;
  concurrency: number;
}) {
  const client = bareClient(job.store, false);
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
