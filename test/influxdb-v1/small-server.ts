import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { encodeField } from '../../activities/pipeline/influxdb-portable/protobuf.ts';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type { ProductSession } from '../../activities/products/product.ts';

/** As much of an InfluxDB 1 as answers what these tests ask: real ones are in `test/real`. */
export interface SmallServer extends AsyncDisposable {
  /** Of its queries, and host and port of its snapshot protocol. */
  readonly url: string;
  readonly snapshot: string;
  /** The names of the retention policies of each database. */
  databases: Map<string, string[]>;
  /** What it sends of every shard. */
  tar: Buffer;
  /** Points of each field, as it counts them in every measurement, or by what it is asked. */
  counts: Record<string, number>;
  countOf?: (statement: string) => Record<string, number>;
  /** What it says against a statement; undefined where it takes it. */
  refusal?: (statement: string) => string | undefined;
  /** With one, every query needs it. */
  user?: { username: string; password: string };
  /** Takes what it is asked there, and never answers. */
  silent?: 'queries' | 'snapshots' | undefined;
  connect(signal?: AbortSignal): ProductSession;
}

export async function startSmallServer(): Promise<SmallServer> {
  const databases = new Map<string, string[]>();
  const answer = (statement: string) => {
    const error = server.refusal?.(statement);
    if (error !== undefined) return { error };
    if (statement.startsWith('SELECT')) {
      const counts = Object.entries(server.countOf?.(statement) ?? server.counts);
      const columns = counts.map(([field]) => `count_${field}`);
      return { series: [{ columns, values: [counts.map(([, points]) => points)] }] };
    }
    if (/^SHOW (MEASUREMENTS|STATS|DIAGNOSTICS) /.test(statement)) return {};
    if (!statement.startsWith('SHOW ')) return change(databases, statement);
    const of = /^SHOW RETENTION POLICIES ON "(.+)"$/.exec(statement)?.[1];
    const names = of === undefined ? [...databases.keys()] : (databases.get(of) ?? []);
    return { series: [{ columns: ['name'], values: names.map((name) => [name]) }] };
  };
  const http = createHttpServer((request, response) => {
    void (async () => {
      if (server.silent === 'queries') return;
      response.setHeader('x-influxdb-version', '1.8.10');
      if (request.url === '/ping') return void response.writeHead(204).end();
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      if (server.user && request.headers.authorization !== basic(server.user)) {
        return void response.writeHead(401).end(JSON.stringify({ error: 'authorization failed' }));
      }
      const asked = new URLSearchParams(body);
      const results = (asked.get('q') ?? '').split('; ').map(answer);
      if (asked.get('chunked') !== 'true') return void response.end(JSON.stringify({ results }));
      for (const [id, result] of results.entries()) {
        response.write(`${JSON.stringify({ results: [{ statement_id: id, ...result }] })}\n`);
      }
      response.end();
    })();
  });
  const snapshots = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      if (server.silent === 'snapshots') return;
      // It has no shard to take anything in, makes none, and says so by closing.
      if (request[1] === UPDATE || request[1] === METADATA_UPDATE) socket.destroy();
      else socket.end(request[1] === METADATA ? NO_DATABASES : server.tar);
    });
  });
  const url = `http://${await listening(http)}`;
  const snapshot = await listening(snapshots);
  const server: SmallServer = {
    url,
    snapshot,
    databases,
    tar: Buffer.alloc(0),
    counts: {},
    connect: (signal = new AbortController().signal) =>
      influxdbV1.connect({
        target: 'old-influx',
        connection: influxdbV1.connection.parse({ url, snapshot }),
        concurrency: 2,
        stallMs: 10_000,
        signal,
      }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      for (const one of [http, snapshots]) one.close();
      await Promise.resolve();
    },
  };
  return server;
}

/** Of the statements that change something, those about the marks of a restore. */
function change(databases: Map<string, string[]>, statement: string): object {
  const [, verb, policy = '', database = ''] =
    /^(CREATE|DROP) RETENTION POLICY "(.+?)" ON "(.+?)"/.exec(statement) ?? [];
  const others = (databases.get(database) ?? []).filter((name) => name !== policy);
  if (verb !== undefined) databases.set(database, verb === 'DROP' ? others : [...others, policy]);
  databases.delete(/^DROP DATABASE "(.+)"$/.exec(statement)?.[1] ?? '');
  return {};
}

const METADATA = 1;
const METADATA_UPDATE = 6;
const UPDATE = 7;

/** As a server sends its metadata that has none yet. */
const NO_DATABASES = (() => {
  const metadata = Buffer.concat([1, 2, 3, 7, 8, 9].map((field) => encodeField(field, 1)));
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(0x59590101n, 0);
  header.writeBigUInt64BE(BigInt(metadata.length), 8);
  return Buffer.concat([header, metadata]);
})();

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
