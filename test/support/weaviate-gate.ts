import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate extends AsyncDisposable {
  /** Where the storage answers through the gate. */
  readonly url: string;
  /** `PUT /bucket/key`, of every request that came, also of those that were held. */
  readonly requests: string[];
  /** From now on requests whose line matches wait, until `open` or until their sender gives up. */
  hold(line: RegExp): void;
  /** From now on matching requests are answered by a bare 503, as by a storage that is being restarted. */
  refuse(line: RegExp): void;
  /** Everything passes, also what waits. */
  open(): void;
}

/**
 * Stands between a database and its object storage, so that a test has all the time it wants in the midst of a
 * backup. Whole requests wait, hence signatures stay good.
 */
export async function startGate(target: string): Promise<Gate> {
  const requests: string[] = [];
  let held: RegExp | undefined;
  let refused: RegExp | undefined;
  let waiting: (() => void)[] = [];

  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url}`;
    requests.push(line);
    const go = () => {
      if (outgoing.destroyed) return;
      if (refused?.test(line)) outgoing.writeHead(503).end();
      else pass(target, incoming, outgoing);
    };
    if (held?.test(line)) waiting.push(go);
    else go();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    hold(line) {
      held = line;
    },
    refuse(line) {
      refused = line;
    },
    open() {
      held = refused = undefined;
      const now = waiting;
      waiting = [];
      for (const go of now) go();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url = '/', headers } = incoming;
  // The host stays as its sender signed it.
  const onward = request(new URL(url, target), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.on('error', () => onward.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
