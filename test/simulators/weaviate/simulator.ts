import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import { BACKUP_CONFIG, readGlobal, writeDescriptor } from './backup/descriptors.ts';
import { Clock } from './clock.ts';
import { type Account, Cluster, type ClusterNode, emptyMemory } from './cluster.ts';
import { control } from './control.ts';
import type { Exchange, World } from './exchange.ts';
import { PROFILES, type SimulatedVersion } from './profiles.ts';
import type { BackupStorage } from './storage/storage.ts';
import { QUIET, type Switches } from './switches.ts';

export interface SimulatorOptions {
  storage: BackupStorage;
  /** Of the first node; 0, the default, for any free port. */
  port?: number;
  version?: SimulatedVersion;
  /** Their names; default: one, `node1`. */
  nodes?: string[];
  /** Who may come in; without it everybody, and everything is allowed. */
  accounts?: Account[];
  /** Whether a server with accounts has roles; default: it does. */
  roles?: boolean;
  /** So many seconds of the server pass in one true second; default 100. */
  speed?: number;
  /** A chunk is closed when it holds so many bytes; default 64 KiB. */
  chunkBytes?: number;
  /** At its start, a node rewrites unfinished backups of the default place to CANCELED. */
  cleanupUnfinished?: boolean;
  switches?: Partial<Switches>;
}

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  node: string;
  /** Of what concerns backups and restores. */
  body?: unknown;
}

/** A cluster that behaves as Weaviate does, traps included. */
export interface WeaviateSimulator extends AsyncDisposable {
  /** Of the first node. */
  readonly url: string;
  /** Of every node, by name. */
  readonly urls: Record<string, string>;
  readonly version: SimulatedVersion;
  readonly cluster: Cluster;
  readonly storage: BackupStorage;
  /** As in the options; may be changed at any time, and counts for what is under way. 0 stops the server's time. */
  speed: number;
  /** With what the links of references begin; empty at first, as without an ORIGIN. May be changed at any time. */
  origin: string;
  /** May be changed at any time. */
  readonly switches: Switches;
  /** What was asked, oldest first. At most 50,000. */
  readonly requests: SeenRequest[];
  /** Turns every switch off. */
  calm(): void;
  /** Ends a node as `kill -9` does: connections break, what it did ends without a trace. */
  kill(node?: string): Promise<void>;
  /** Starts it again at the same address, with its data and without its memory. */
  start(node?: string): Promise<void>;
  stop(): Promise<void>;
}

const REMEMBERED = 50_000;

export async function startWeaviateSimulator(
  options: SimulatorOptions,
): Promise<WeaviateSimulator> {
  const { version = '1.38.11', storage } = options;
  const switches: Switches = { ...QUIET, ...options.switches };
  const cluster = new Cluster(options.nodes ?? ['node1']);
  const clock = new Clock(options.speed ?? 100, switches);
  const working = new Set<Promise<void>>();
  const world: World = {
    cluster,
    switches,
    profile: PROFILES[version],
    storage,
    clock,
    accounts: options.accounts,
    roles: options.roles ?? true,
    origin: '',
    chunkBytes: options.chunkBytes ?? 65_536,
    background(work) {
      working.add(work);
      void work.finally(() => working.delete(work));
    },
  };
  const requests: SeenRequest[] = [];
  const listeners = new Map<string, Server>();
  const urls: Record<string, string> = {};

  const answerOn = (node: ClusterNode) => (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://simulator');
    const exchange: Exchange = {
      world,
      node,
      request,
      response,
      url,
      call: '',
      parts: [],
      caller: undefined,
      seen: { method: request.method ?? '', path: request.url ?? '', node: node.name },
    };
    response.on('error', () => response.destroy());
    if (url.pathname.startsWith('/__sim/')) return void control(exchange, simulator);
    if (requests.length < REMEMBERED) requests.push(exchange.seen);
    void answer(exchange);
  };
  const demandNode = (name: string) => {
    const node = cluster.node(name);
    if (!node) throw new Error(`There is no node ${name}.`);
    return node;
  };
  const listen = async (node: ClusterNode, port: number) => {
    const server = createServer({ keepAliveTimeout: 180_000, requestTimeout: 0 }, answerOn(node));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    listeners.set(node.name, server);
    urls[node.name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  const simulator: WeaviateSimulator = {
    get url() {
      return urls[cluster.leader.name] ?? '';
    },
    urls,
    get speed() {
      return clock.speed;
    },
    set speed(speed) {
      clock.speed = speed;
    },
    get origin() {
      return world.origin;
    },
    set origin(origin) {
      world.origin = origin;
    },
    version,
    cluster,
    storage,
    switches,
    requests,
    calm: () => void Object.assign(switches, QUIET),
    async kill(name = cluster.leader.name) {
      const node = demandNode(name);
      node.up = false;
      node.life.abort(new Error('killed'));
      node.memory = emptyMemory();
      const server = listeners.get(name);
      if (server?.listening) await close(server);
    },
    async start(name = cluster.leader.name) {
      const node = demandNode(name);
      if (node.up) return;
      node.up = true;
      node.life = new AbortController();
      if (options.cleanupUnfinished === true) await cleanUp(world);
      await listen(node, Number(new URL(urls[name] ?? '').port));
    },
    async stop() {
      for (const { name } of cluster.nodes) await simulator.kill(name);
      await Promise.all(working);
      storage.close();
    },
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
  for (const [i, node] of cluster.nodes.entries()) {
    await listen(node, i === 0 ? (options.port ?? 0) : 0);
  }
  return simulator;
}

const UNFINISHED = ['STARTED', 'TRANSFERRING', 'TRANSFERRED'];

/** Every descriptor of the default place, also those of other clusters that share it. */
async function cleanUp({ storage }: World): Promise<void> {
  const place = storage.place();
  for (const key of await place.list('')) {
    if (!key.endsWith(`/${BACKUP_CONFIG}`)) continue;
    const stored = await readGlobal(place, key.slice(0, -BACKUP_CONFIG.length - 1));
    if (!stored) continue;
    if (!UNFINISHED.includes(stored.status) && !stored.error.includes('might be down')) continue;
    const error = 'backup canceled due to node restart';
    await writeDescriptor(place, key, { ...stored, status: 'CANCELED', error });
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
