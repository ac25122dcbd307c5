import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type { ProductSession } from '../../activities/products/product.ts';

/** As much of an InfluxDB 1 as answers what these tests ask: real ones are in `test/real`. */
export interface SmallServer extends AsyncDisposable {
  /** The names of the retention policies of each database. */
  databases: Map<string, string[]>;
  /** What it sends of every shard. */
  tar: Buffer;
  /** Points of each field, as it counts them in every measurement. */
  counts: Record<string, number>;
  connect(): ProductSession;
}

export async function startSmallServer(): Promise<SmallServer> {
  const databases = new Map<string, string[]>();
  const answer = (statement: string) => {
    if (statement.startsWith('SELECT')) {
      const counts = Object.entries(server.counts);
      const columns = counts.map(([field]) => `count_${field}`);
      return { series: [{ columns, values: [counts.map(([, points]) => points)] }] };
    }
    const of = /^SHOW RETENTION POLICIES ON "(.+)"$/.exec(statement)?.[1];
    const names = of === undefined ? [...databases.keys()] : (databases.get(of) ?? []);
    return { series: [{ columns: ['name'], values: names.map((name) => [name]) }] };
  };
  const http = createHttpServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      const query = new URLSearchParams(body).get('q') ?? '';
      response.end(JSON.stringify({ results: query.split('; ').map(answer) }));
    })();
  });
  const snapshots = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      // It has no shard to take anything in, and says so by closing.
      if (request[1] === UPDATE) socket.destroy();
      else socket.end(server.tar);
    });
  });
  const [url, snapshot] = [await listening(http), await listening(snapshots)];
  const server: SmallServer = {
    databases,
    tar: Buffer.alloc(0),
    counts: {},
    connect: () =>
      influxdbV1.connect({
        target: 'old-influx',
        connection: influxdbV1.connection.parse({ url: `http://${url}`, snapshot }),
        concurrency: 2,
        stallMs: 10_000,
        signal: new AbortController().signal,
      }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      for (const one of [http, snapshots]) one.close();
      await Promise.resolve();
    },
  };
  return server;
}

const UPDATE = 7;

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
