import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LateRequests extends AsyncDisposable {
  /** Where it answers in the place of the server. */
  readonly url: string;
  /** What becomes of requests to change something: they pass, they get 503, or they wait. */
  mode: 'pass' | 'refuse' | 'hold';
  /** How many were refused, and are waiting. */
  readonly refused: number;
  readonly held: number;
  /** Sends on what waits, whether or not its sender is still there, and waits for the answers. */
  release(): Promise<void>;
}

/** Stands before a server, and delivers a request after its sender has gone, as networks and load balancers do. */
export async function startLateRequests(
  target: string,
  changes: (method: string, path: string) => boolean,
): Promise<LateRequests> {
  let mode: LateRequests['mode'] = 'pass';
  let refused = 0;
  let held: (() => Promise<void>)[] = [];
  const send = async (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const type = request.headers['content-type'];
    const answer = await fetch(`${target}${request.url ?? ''}`, {
      method: request.method ?? 'GET',
      ...(type && { headers: { 'content-type': type } }),
      ...(body.length > 0 && { body }),
    });
    const text = Buffer.from(await answer.arrayBuffer());
    if (response.destroyed) return;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const pass = () => send(request, Buffer.concat(parts), response);
      const one = changes(request.method ?? '', request.url ?? '');
      if (one && mode === 'refuse') {
        refused += 1;
        response.writeHead(503).end();
      } else if (one && mode === 'hold') held.push(pass);
      else pass().catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    get refused() {
      return refused;
    },
    get held() {
      return held.length;
    },
    async release() {
      const waiting = held;
      [held, mode] = [[], 'pass'];
      for (const pass of waiting) await pass();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
