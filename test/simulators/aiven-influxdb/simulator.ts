import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ACCOUNT, type Account } from './account.ts';
import type { Content } from './content.ts';
import { control } from './control.ts';
import { answerControl } from './control-plane.ts';
import { answerDownload } from './download-host.ts';
import { ServiceState } from './service-state.ts';
import { QUIET, type Switches } from './switches.ts';

export interface SimulatorOptions {
  /** Of the control plane; 0, the default, for any free port. */
  port?: number;
  downloadPort?: number;
  account?: Partial<Account>;
  /** Default: the small backup of the repository. */
  content?: Content;
  switches?: Partial<Switches>;
  /** PEM. With it the download host speaks TLS, and the control plane too when asked. */
  tls?: { cert: string | Buffer; key: string | Buffer; both?: boolean };
}

export interface SeenRequest {
  host: 'control' | 'download';
  method: string;
  path: string;
  /** Without `authorization`. */
  headers: Record<string, string | string[] | undefined>;
  /** `Bearer`, `aivenv1`, `Basic`, or nothing. */
  scheme: string;
  /** The token of the API was in it. */
  carriesToken: boolean;
}

/** Aiven's API with one InfluxDB service, and the host that serves its backup. */
export interface AivenSimulator extends AsyncDisposable {
  /** Of the control plane. */
  readonly url: string;
  /** Of the download host, without a path. */
  readonly downloadUrl: string;
  readonly account: Account;
  /** May be changed at any time. */
  readonly switches: Switches;
  readonly state: ServiceState;
  /** What was asked, oldest first. */
  readonly requests: SeenRequest[];
  /** Turns every switch off. */
  calm(): void;
  /** Somebody else requests a backup under this name, and it is done. */
  replace(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startAivenSimulator(options: SimulatorOptions = {}): Promise<AivenSimulator> {
  const account: Account = { ...ACCOUNT, ...options.account };
  const switches: Switches = { ...QUIET, ...options.switches };
  const state = new ServiceState(switches, options.content ?? {});
  const requests: SeenRequest[] = [];

  const listen = async (
    host: SeenRequest['host'],
    secure: boolean,
    port: number,
    answer: RequestListener,
  ) => {
    const listener: RequestListener = (request, response) => {
      const { authorization = '', ...headers } = request.headers;
      response.on('error', () => response.destroy());
      server.keepAliveTimeout = switches.idleCloseMs;
      // The vendor does not say when it will close; Node would.
      response.setHeader('connection', 'keep-alive');
      if (host === 'control' && request.url?.startsWith('/__sim/')) {
        return void control(simulator, request, response);
      }
      requests.push({
        host,
        method: request.method ?? '',
        path: request.url ?? '',
        headers,
        scheme: /^\S*/.exec(authorization)?.[0] ?? '',
        carriesToken: JSON.stringify([authorization, headers, request.url]).includes(account.token),
      });
      answer(request, response);
    };
    const { tls } = options;
    const server: Server = secure && tls ? createHttps(tls, listener) : createHttp(listener);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const scheme = secure ? 'https' : 'http';
    const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { server, url };
  };

  const failing = (work: Promise<void>, request: { socket: { destroy(): void } }) =>
    void work.catch(() => request.socket.destroy());
  const { tls } = options;
  const download = await listen(
    'download',
    tls !== undefined,
    options.downloadPort ?? 0,
    (request, response) => failing(answerDownload(account, state, request, response), request),
  );
  const plane = { account, state, download: () => download.url };
  const api = await listen('control', tls?.both === true, options.port ?? 0, (request, response) =>
    failing(answerControl(plane, request, response), request),
  );

  const stop = async () => {
    await Promise.all([close(api.server), close(download.server)]);
  };
  const simulator: AivenSimulator = {
    url: api.url,
    downloadUrl: download.url,
    account,
    switches,
    state,
    requests,
    calm: () => void Object.assign(switches, QUIET),
    replace: (name) => state.fill(name, state.othersContent),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return simulator;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
