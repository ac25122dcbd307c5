import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import type { Cluster } from './cluster.ts';
import { control } from './control.ts';
import type { Exchange, NodeSettings } from './exchange.ts';
import type { EnterpriseSimulator } from './simulator.ts';

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
}

const REMEMBERED = 50_000;

/** The HTTP side of one node. */
export function startNode(options: {
  settings: NodeSettings;
  cluster: Cluster;
  version: string;
  requests: SeenRequest[];
  control: () => EnterpriseSimulator;
}): Server {
  const { settings, cluster, version, requests } = options;
  return createServer({ keepAliveTimeout: 180_000, requestTimeout: 0 }, (request, response) => {
    const exchange: Exchange = {
      request,
      response,
      url: new URL(request.url ?? '/', 'http://simulator'),
      parts: [],
      call: undefined,
      cluster,
      node: settings,
      version: settings.version ?? version,
      switches: cluster.switches,
      rights: undefined,
    };
    response.on('error', () => response.destroy());
    if (exchange.url.pathname.startsWith('/__sim/')) {
      return void control(exchange, options.control());
    }
    if (requests.length < REMEMBERED) {
      requests.push({ method: request.method ?? '', path: request.url ?? '' });
    }
    return void answer(exchange);
  });
}

export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
