import {
  createServer,
  type IncomingMessage,
  request as forward,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import { listen } from './node.ts';

/** What stands between a client and the nodes of a cluster: a load balancer, or a proxy with habits of its own. */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
  /** Addresses that take turns. May be changed at any time. */
  upstreams: string[];
  /** Takes the body off every DELETE, as some proxies do. */
  stripsDeleteBody: boolean;
  /** Calls of this method are passed on, and so many answers are lost: it says 503 in their place. */
  loses: { method: string; times: number };
}

export async function startBalancer(upstreams: string[]): Promise<Balancer> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const upstream = balancer.upstreams[turn % balancer.upstreams.length] ?? '';
    turn += 1;
    void pass(incoming, outgoing, upstream, balancer);
  });
  const port = await listen(server, 0);
  const balancer: Balancer = {
    url: `http://127.0.0.1:${port}`,
    upstreams,
    stripsDeleteBody: false,
    loses: { method: '', times: 0 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return balancer;
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  upstream: string,
  { stripsDeleteBody, loses }: Balancer,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const body =
    stripsDeleteBody && incoming.method === 'DELETE' ? Buffer.alloc(0) : Buffer.concat(parts);
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = incoming.headers;
  const passed = forward(
    upstream + (incoming.url ?? ''),
    { method: incoming.method, headers: { ...headers, 'content-length': body.length } },
    (answer) => {
      if (incoming.method === loses.method && loses.times > 0) {
        loses.times -= 1;
        answer.resume();
        outgoing.writeHead(503, { 'content-type': 'text/plain' });
        outgoing.end('upstream connect error or disconnect/reset before headers');
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => outgoing.destroy());
      answer.pipe(outgoing);
    },
  );
  passed.on('error', () => outgoing.destroy());
  passed.end(body);
}
