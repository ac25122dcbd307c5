import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Notice } from '../../workflows/contract/notice.ts';

export interface Webhook extends AsyncDisposable {
  /** With a path that nobody else may learn. */
  readonly url: string;
  readonly secret: string;
  /** What it took, in the order of arrival. */
  readonly notices: Notice[];
  /** `Authorization` of every request, also of those that it refused. */
  readonly logins: (string | undefined)[];
  /** Statuses of the next answers; then 200. */
  readonly answers: number[];
}

/** A service that is told how runs end. */
export async function startWebhook(): Promise<Webhook> {
  const secret = `hook-${Math.random().toString(36).slice(2)}`;
  const notices: Notice[] = [];
  const logins: (string | undefined)[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      logins.push(request.headers.authorization);
      const known = request.method === 'POST' && request.url === `/services/${secret}?room=1`;
      const status = known ? (answers.shift() ?? 200) : 404;
      if (status === 200) notices.push(JSON.parse(body) as Notice);
      response.writeHead(status).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://someone:a%20password@127.0.0.1:${port}/services/${secret}?room=1`,
    secret,
    notices,
    logins,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
