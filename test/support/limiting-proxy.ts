import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and refuses bodies that are announced as longer than `limit`, as nginx does by default. */
export async function startLimitingProxy(
  target: string,
  limit: number,
): Promise<AsyncDisposable & { url: string }> {
  const answer = (asked: IncomingMessage, response: ServerResponse) => {
    if (Number(asked.headers['content-length'] ?? 0) > limit) {
      response.writeHead(413, { connection: 'close' }).end('<html>413</html>');
      return;
    }
    if (asked.headers.expect !== undefined) response.writeContinue();
    const { method, headers, url } = asked;
    const passed = request(new URL(url ?? '/', target), { method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.rawHeaders);
      answered.pipe(response);
    });
    passed.on('error', () => response.destroy());
    asked.on('close', () => {
      if (!asked.complete) passed.destroy();
    });
    asked.pipe(passed);
  };
  const server = createServer(answer).on('checkContinue', answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
