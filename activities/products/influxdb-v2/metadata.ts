import { join } from 'node:path';
import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import type { InfluxClient } from './client.ts';
import { metadataParts } from './metadata-parts.ts';
import { spoolTo } from './spool.ts';

export interface SpooledMetadata {
  kv: SpooledFile;
  sql: SpooledFile;
  /** The server's own text. */
  buckets: string;
}

export interface SpooledFile {
  path: string;
  bytes: number;
}

const ORDER = ['kv', 'sql', 'buckets'];
const BUCKETS_LIMIT = 256 * 1024 * 1024;

/**
 * Downloads the metadata snapshot to local files. The server reads `kv` when its answer begins and the list of buckets
 * when it ends, and takes writes meanwhile: nothing here waits for anything but the disk, and the list may name what
 * `kv` does not know.
 * @throws SOURCE_TRUNCATED, SOURCE_GARBLED, SPOOL_FULL
 */
export async function downloadMetadata(
  client: InfluxClient,
  token: Secret,
  spool: string,
): Promise<SpooledMetadata> {
  const operation = 'downloading the metadata';
  const where = `The metadata of ${client.server}`;
  const response = await client.send({
    method: 'GET',
    path: '/api/v2/backup/metadata',
    operation,
    token,
  });
  const files: Record<string, SpooledFile> = {};
  let buckets: string | undefined;
  const seen: string[] = [];
  for await (const part of metadataParts(
    response.header('content-type') ?? '',
    response.body,
    where,
  )) {
    if (part.name !== ORDER[seen.length]) {
      throw new HoldfastError(
        'SOURCE_GARBLED',
        `${where} has a part "${part.name}" where ${ORDER[seen.length] ?? 'its end'} should be.`,
      );
    }
    seen.push(part.name);
    if (part.name === 'buckets') buckets = await text(part.body, where);
    else {
      const path = join(spool, part.name);
      files[part.name] = { path, ...(await spoolTo(path, part.body)) };
    }
  }
  const { kv, sql } = files;
  if (kv && sql && buckets !== undefined) return { kv, sql, buckets };
  throw new HoldfastError(
    'SOURCE_GARBLED',
    `${where} lacks the part ${ORDER.slice(seen.length).join(' and ')}.`,
  );
}

/** The list of buckets alone, as the restore's planning needs it. */
export async function downloadBucketList(client: InfluxClient, token: Secret): Promise<string> {
  const where = `The metadata of ${client.server}`;
  const response = await client.send({
    method: 'GET',
    path: '/api/v2/backup/metadata',
    operation: 'reading the list of shards',
    token,
  });
  let buckets = '[]';
  for await (const part of metadataParts(
    response.header('content-type') ?? '',
    response.body,
    where,
  )) {
    if (part.name === 'buckets') buckets = await text(part.body, where);
    else for await (const _ of part.body);
  }
  return buckets;
}

async function text(body: AsyncIterable<Uint8Array>, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    // A view of a chunk that is passed on and overwritten must not be kept.
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > BUCKETS_LIMIT) {
      throw new HoldfastError('SOURCE_GARBLED', `${where} has an impossibly long list of buckets.`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
