import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer } from './answer.ts';
import { control } from './control.ts';
import type { Exchange } from './exchange.ts';
import { type Generation, generate } from './generate.ts';
import { PROFILES, type SimulatedVersion } from './profiles.ts';
import { shrink } from './shrink.ts';
import { ServerState } from './state.ts';
import { QUIET, type Switches } from './switches.ts';

export interface SimulatorOptions {
  /** 0, the default, for any free port. */
  port?: number;
  version?: SimulatedVersion;
  /** What a server is set up with; `false` for one that was never set up. */
  setup?: false | { org?: string; bucket?: string; token?: string };
  switches?: Partial<Switches>;
  generate?: Generation[];
}

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
}

/** A server that behaves as InfluxDB v2 does, traps included. */
export interface InfluxSimulator extends AsyncDisposable {
  readonly url: string;
  /** The operator's. */
  readonly token: string;
  /** Every permission of the first organisation, and no more. The server learns it when it is first read. */
  readonly orgToken: string;
  readonly org: string;
  readonly bucket: string;
  readonly version: SimulatedVersion;
  /** May be changed at any time. */
  readonly switches: Switches;
  /** What was asked, oldest first; without tokens. At most 50,000. */
  readonly requests: SeenRequest[];
  readonly state: ServerState;
  /** Adds shards whose bytes are computed when they are read. */
  generate(generation: Generation): void;
  /** Drops data until about `keep` (0 to 1) of the shards of every bucket are left. */
  shrink(keep: number): Promise<void>;
  /** Turns every switch off. */
  calm(): void;
  /** Breaks every connection and comes back at the same address with the same data. */
  restart(downMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const REMEMBERED = 50_000;

export async function startInfluxSimulator(
  options: SimulatorOptions = {},
): Promise<InfluxSimulator> {
  const version = options.version ?? '2.9.1';
  const profile = PROFILES[version];
  const state = new ServerState();
  const switches: Switches = { ...QUIET, ...options.switches };
  const spool = await mkdtemp(join(tmpdir(), 'influx-simulator-'));
  const requests: SeenRequest[] = [];
  const names = setUp(state, options, !profile.hashedTokens);
  for (const generation of options.generate ?? []) generate(state, names, generation);

  const server = createServer(
    { keepAliveTimeout: 180_000, requestTimeout: 0 },
    (request, response) => {
      const url = new URL(request.url ?? '/', 'http://simulator');
      const exchange: Exchange = {
        request,
        response,
        url,
        parts: [],
        state,
        switches,
        profile,
        spool,
        caller: undefined,
        indented: true,
      };
      response.on('error', () => response.destroy());
      if (url.pathname.startsWith('/__sim/')) return void control(exchange, simulator);
      const { authorization: _, ...headers } = request.headers;
      if (requests.length < REMEMBERED) {
        requests.push({ method: request.method ?? '', path: request.url ?? '', headers });
      }
      void answer(exchange);
    },
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const stop = async () => {
    if (server.listening) await close(server);
    await rm(spool, { recursive: true, force: true });
  };
  const simulator: InfluxSimulator = {
    url: `http://127.0.0.1:${port}`,
    ...names,
    get orgToken() {
      return lesserToken(state, names.org, !profile.hashedTokens);
    },
    version,
    switches,
    requests,
    state,
    generate: (generation) => generate(state, names, generation),
    shrink: (keep) => shrink(state, keep),
    calm: () => void Object.assign(switches, QUIET),
    async restart(downMs = 0) {
      await close(server);
      await new Promise((resolve) => setTimeout(resolve, downMs));
      state.startedAt = new Date();
      state.queuesMissing = false;
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return simulator;
}

const ORG_TOKEN = 'token-of-one-organisation';

function lesserToken(state: ServerState, name: string, readable: boolean): string {
  const id = state.organisation((one) => one.name === name)?.id ?? '';
  const known = state.metadata.authorisations.some(
    ({ orgID, operator }) => orgID === id && !operator,
  );
  if (!known) state.addAuthorisation(ORG_TOKEN, id, false, readable);
  return ORG_TOKEN;
}

function setUp(state: ServerState, { setup = {} }: SimulatorOptions, keepTokens: boolean) {
  const names = {
    token: 'operator-token',
    org: 'acme',
    bucket: 'telemetry',
  };
  if (setup === false) return names;
  Object.assign(names, setup);
  const organisation = state.addOrganisation(names.org);
  state.addBucket(organisation.id, names.bucket, 0, 0);
  state.addAuthorisation(names.token, organisation.id, true, keepTokens);
  return names;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
