import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseBuckets, shardsOf } from '../../activities/products/influxdb-v2/buckets.ts';
import { metadataParts } from '../../activities/products/influxdb-v2/metadata-parts.ts';
import {
  printManifest,
  withFiles,
} from '../../activities/products/influxdb-v2/official-manifest.ts';

/** A server that is written to at the time fails now and then with a shard. */
const MOST_TRIES = 10;

/** What `influx backup` does: one answer for metadata and list, then every shard of the list. */
export async function officialBackup(
  server: { url: string; token: string },
  dir: string,
): Promise<string> {
  const base = '20261120T020000Z';
  const ask = async (
    path: string,
    tries = MOST_TRIES,
  ): Promise<{ type: string; body: ReadableStream<Uint8Array> }> => {
    const headers = { authorization: `Token ${server.token}`, 'accept-encoding': 'identity' };
    const answer = await fetch(`${server.url}/api/v2/backup/${path}`, { headers });
    if (answer.status === 500 && tries > 1) {
      await answer.body?.cancel();
      await sleep(200);
      return ask(path, tries - 1);
    }
    if (!answer.ok || !answer.body) throw new Error(`${path}: ${answer.status}`);
    return { type: answer.headers.get('content-type') ?? '', body: answer.body };
  };
  const keep = async (fileName: string, bytes: Uint8Array) => {
    await writeFile(join(dir, fileName), bytes);
    return { fileName, size: bytes.length, compression: 0 };
  };
  const metadata = await ask('metadata');
  const parts = new Map<string, Uint8Array>();
  for await (const { name, body } of metadataParts(metadata.type, metadata.body, 'The metadata')) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    parts.set(name, Buffer.concat(chunks));
  }
  const part = (name: string) => parts.get(name) ?? Buffer.alloc(0);
  const buckets = parseBuckets(Buffer.from(part('buckets')).toString(), 'The metadata');
  const files = new Map<number, Awaited<ReturnType<typeof keep>>>();
  for (const { shard } of buckets.flatMap((bucket) => [...shardsOf(bucket)])) {
    const { body } = await ask(`shards/${shard.id}`);
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    files.set(shard.id, await keep(`${base}.${shard.id}.tar`, bytes));
  }
  const manifest = printManifest({
    kv: await keep(`${base}.bolt`, part('kv')),
    sql: await keep(`${base}.sqlite`, part('sql')),
    buckets: buckets.map((bucket) => withFiles(bucket, (shard) => files.get(shard))),
  });
  await keep(`${base}.manifest`, Buffer.from(manifest));
  return dir;
}
