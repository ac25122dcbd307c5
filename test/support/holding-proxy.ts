import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface HoldingProxy extends AsyncDisposable {
  /** Where it answers in the place of the server. */
  readonly url: string;
  /** From now on only so many more bytes pass from the server, and then none, while connections stay open. */
  hold(bytes?: number): void;
  /** Everything passes again, also what was held back. */
  release(): void;
}

/** Stands before a server and can make it fall silent, as a network does: nothing is closed and nothing comes. */
export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let allowance = Infinity;
  const held = new Map<Socket, Buffer[]>();

  const pass = (client: Socket, chunk: Buffer) => {
    const now = chunk.subarray(0, Math.min(allowance, chunk.length));
    allowance -= now.length;
    if (now.length > 0) client.write(now);
    if (now.length < chunk.length) {
      held.set(client, [...(held.get(client) ?? []), chunk.subarray(now.length)]);
    }
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => pass(client, chunk));
    upstream.on('end', () => {
      if (!held.has(client)) client.end();
    });
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold(bytes = 0) {
      allowance = bytes;
    },
    release() {
      allowance = Infinity;
      for (const [client, chunks] of held) for (const chunk of chunks) client.write(chunk);
      held.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
