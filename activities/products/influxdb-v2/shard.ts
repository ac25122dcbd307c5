import type { HttpResponse } from '../../http/client.ts';
import type { Secret } from '../../secrets.ts';
import type { OpenArtifact } from '../product.ts';
import type { InfluxClient } from './client.ts';
import type { Connection } from './config.ts';
import { readComplaint, refusal } from './failures.ts';

/** Downloads a shard as a tar; `gone` when the server does not have it. The server flushes its cache first. */
export async function downloadShard(
  client: InfluxClient,
  token: Secret,
  shard: number,
  compression: Connection['compression'],
): Promise<OpenArtifact | 'gone'> {
  const operation = `downloading shard ${shard}`;
  const response = await client.send({
    method: 'GET',
    path: `/api/v2/backup/shards/${shard}`,
    operation,
    token,
    accept: [404],
    headers:
      compression === 'none'
        ? {}
        : {
            'accept-encoding': 'gzip',
            // Servers before 2.9 do not know it and compress as they always did.
            'gzip-compression-level': compression,
          },
  });
  if (response.status === 404) return requireNotFound(response, client, operation);
  const gzip = response.header('content-encoding')?.toLowerCase() === 'gzip';
  return { body: response.body, codec: gzip ? 'gzip' : 'identity' };
}

/** Whether the server has a shard; none of its data is sent. */
export async function hasShard(
  client: InfluxClient,
  token: Secret,
  shard: number,
): Promise<boolean> {
  const operation = `looking for shard ${shard}`;
  const response = await client.send({
    method: 'GET',
    path: `/api/v2/backup/shards/${shard}?since=9999-01-01T00:00:00Z`,
    operation,
    token,
    // A shard that is laid to rest just now is there.
    accept: [404, 500],
  });
  if (response.status !== 404) {
    await response.discard();
    return true;
  }
  await requireNotFound(response, client, operation);
  return false;
}

/** @throws WRONG_SERVER when it is not the shard that is not found */
async function requireNotFound(
  response: HttpResponse,
  client: InfluxClient,
  operation: string,
): Promise<'gone'> {
  const complaint = await readComplaint(response);
  if (/^shard \d+ not found/.test(complaint.message)) return 'gone';
  throw refusal(complaint, client.server, operation);
}

/**
 * Uploads a tar into a shard that is there. The answer says nothing about success: only a proof does.
 * @param bytes of the tar, when they are known: then it goes without the frames of chunks, which cost both sides time
 */
export async function uploadShard(
  client: InfluxClient,
  token: Secret,
  shard: number,
  tar: AsyncIterable<Uint8Array>,
  bytes?: number,
): Promise<void> {
  const response = await client.send({
    method: 'POST',
    path: `/api/v2/restore/shards/${shard}`,
    operation: `uploading shard ${shard}`,
    token,
    body: tar,
    ...(bytes === undefined ? {} : { headers: { 'content-length': String(bytes) } }),
  });
  await response.discard();
}
