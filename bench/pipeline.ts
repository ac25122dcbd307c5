/**
 * CPU seconds of one long tar through the pipeline into S3, against the barest loop that moves the same bytes.
 *
 *   npx tsx bench/pipeline.ts [MiB] [runs]
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { request } from 'undici';
import { createSealer } from '../activities/pipeline/age/sealer.ts';
import { storeArtifact } from '../activities/pipeline/store-artifact.ts';
import { openStore } from '../activities/stores/open-store.ts';
import { createStoreResources } from '../activities/stores/resources.ts';
import { startVersitygw, type Versitygw } from '../test/support/versitygw.ts';
import { tarHeader, END_MARK } from '../test/pipeline/tar-archive.ts';
import { bareClient, uploadBarely } from './bare-upload.ts';

const ENTRY_BYTES = 64 * 1024 * 1024;
const WRITE_BYTES = 32 * 1024;

async function main(mebibytes: number, runs: number): Promise<void> {
  const source = fork(fileURLToPath(import.meta.url), ['--source', String(mebibytes)]);
  const url = await new Promise<string>((resolve) =>
    source.once('message', (message) => resolve(message as string)),
  );
  await using s3 = await startVersitygw({ buckets: ['bench'], keepAlive: true });
  const works = { bare: bareLoop, 'bare unsigned': bareUnsigned, pipeline, encrypted };
  const best: Record<string, number> = {};
  try {
    await bareLoop(s3, url, 'warm');
    for (let run = 0; run < runs; run++) {
      for (const [name, work] of Object.entries(works)) {
        const cpu = process.cpuUsage();
        const since = performance.now();
        await work(s3, url, `${name}-${run}`);
        const { user, system } = process.cpuUsage(cpu);
        const seconds = (user + system) / 1e6;
        best[name] = Math.min(best[name] ?? Infinity, seconds);
        const wall = (performance.now() - since) / 1000;
        console.log(`${name} ${run}: ${seconds.toFixed(2)} s CPU, ${wall.toFixed(2)} s`);
      }
    }
    for (const [name, seconds] of Object.entries(best)) {
      console.log(`${name}: ${(seconds / (best['bare'] ?? 1)).toFixed(2)} times the bare loop`);
    }
  } finally {
    source.kill();
  }
}

/** The SDK as it comes: it hashes each part for its signature. */
const bareLoop = (s3: Versitygw, url: string, key: string) => loop(s3, url, key, true);
/** The least that can be done. */
const bareUnsigned = (s3: Versitygw, url: string, key: string) => loop(s3, url, key, false);

async function loop(s3: Versitygw, url: string, key: string, signed: boolean): Promise<void> {
  const client = bareClient(s3, signed);
  const { body } = await request(url);
  await uploadBarely(client, { Bucket: 'bench', Key: key }, body as AsyncIterable<Buffer>);
  client.destroy();
}

async function pipeline(s3: Versitygw, url: string, key: string): Promise<void> {
  await store(s3, url, key, undefined);
}

async function encrypted(s3: Versitygw, url: string, key: string): Promise<void> {
  const recipient = await identityToRecipient(await generateX25519Identity());
  await store(s3, url, key, await createSealer([recipient]));
}

async function store(
  s3: Versitygw,
  url: string,
  name: string,
  sealer: Awaited<ReturnType<typeof createSealer>> | undefined,
): Promise<void> {
  process.env['BENCH_KEY'] = s3.accessKeyId;
  process.env['BENCH_SECRET'] = s3.secretAccessKey;
  const resources = createStoreResources();
  const place = openStore(
    {
      name: 'bench',
      type: 's3',
      bucket: 'bench',
      endpoint: s3.endpoint,
      region: s3.region,
      forcePathStyle: true,
      credentials: { accessKeyId: { env: 'BENCH_KEY' }, secretAccessKey: { env: 'BENCH_SECRET' } },
    },
    resources,
  );
  await storeArtifact({
    store: place,
    folder: 'bench/run/',
    artifact: { path: `${name}.tar`, role: 'shard', subject: name, format: 'tar', key: {} },
    open: async () => ({ body: (await request(url)).body, codec: 'identity' }),
    sealer,
    signal: new AbortController().signal,
    stallMs: 60_000,
  });
  await place.close();
  await resources.close();
}

function serveTar(mebibytes: number): void {
  const block = Buffer.alloc(WRITE_BYTES, 'line protocol, or nearly so ');
  const server = createServer((_request, response) => {
    const entries = Math.max(1, Math.round((mebibytes * 1024 * 1024) / ENTRY_BYTES));
    const chunks = (function* () {
      for (let entry = 0; entry < entries; entry++) {
        yield tarHeader({ name: `${entry}.tsm`, size: ENTRY_BYTES });
        for (let sent = 0; sent < ENTRY_BYTES; sent += WRITE_BYTES) yield block;
      }
      yield END_MARK;
    })();
    const send = () => {
      for (;;) {
        const next = chunks.next();
        if (next.done) return response.end();
        if (!response.write(next.value)) return response.once('drain', send);
      }
    };
    send();
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') process.send?.(`http://127.0.0.1:${address?.port}/`);
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === '--source') serveTar(Number(process.argv[3]));
else await main(Number(process.argv[2] ?? 1024), Number(process.argv[3] ?? 3));
