import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate extends AsyncDisposable {
  /** Where the server answers through the gate. */
  readonly url: string;
  /** `PUT /bucket/key`, of every request that came, also of those that were held. */
  readonly requests: string[];
  /** From now on requests whose line matches wait, until `open` or until their sender gives up. */
  hold(line: RegExp): void;
  /** From now on matching requests, or so many of them, are answered by a bare 503, or another status. */
  refuse(line: RegExp, how?: { status?: number; times?: number }): void;
  /** The connection of the next matching request breaks off: before anything was done, or instead of the answer. */
  lose(line: RegExp, what: 'request' | 'answer'): void;
  /** Everything passes, also what waits. */
  open(): void;
}

interface Rule {
  line: RegExp;
  times: number;
  apply(incoming: IncomingMessage, outgoing: ServerResponse): void;
}

/**
 * Stands before a server, or between a database and its object storage, so that a test has all the time it wants in
 * the midst of a job. Whole requests wait, hence signatures stay good.
 */
export async function startGate(target: string): Promise<Gate> {
  const requests: string[] = [];
  let rules: Rule[] = [];
  let waiting: (() => void)[] = [];

  const admit = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (outgoing.destroyed) return;
    const line = lineOf(incoming);
    const rule = rules.find((one) => one.times > 0 && one.line.test(line));
    if (!rule) return pass(target, incoming, outgoing, deliver);
    rule.times -= 1;
    rule.apply(incoming, outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    requests.push(lineOf(incoming));
    admit(incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    hold(line) {
      const apply: Rule['apply'] = (...both) => void waiting.push(() => admit(...both));
      rules.push({ line, times: Infinity, apply });
    },
    refuse(line, { status = 503, times = Infinity } = {}) {
      rules.push({ line, times, apply: (_, outgoing) => void outgoing.writeHead(status).end() });
    },
    lose(line, what) {
      const apply: Rule['apply'] = (incoming, outgoing) => {
        if (what === 'request') outgoing.destroy();
        else pass(target, incoming, outgoing, () => outgoing.destroy());
      };
      rules.push({ line, times: 1, apply });
    },
    open() {
      rules = [];
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

function lineOf({ method, url }: IncomingMessage): string {
  return `${method} ${url}`;
}

function deliver(answer: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  answer.pipe(outgoing);
}

function pass(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answered: (answer: IncomingMessage, outgoing: ServerResponse) => void,
): void {
  const { method, url = '/', headers } = incoming;
  // The host stays as its sender signed it.
  const onward = request(new URL(url, target), { method, headers }, (answer) => {
    answered(answer, outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.on('error', () => onward.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
