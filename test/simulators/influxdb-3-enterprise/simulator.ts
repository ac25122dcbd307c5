import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import type { NodeSettings } from './exchange.ts';
import { recognise } from './jobs/put-back.ts';
import { listen, type SeenRequest, startNode } from './node.ts';
import { PROFILES, type SimulatedVersion } from './profiles.ts';
import { directoryStorage } from './storage/directory.ts';
import { s3Storage } from './storage/s3.ts';
import type { StorageSettings } from './storage/storage.ts';
import { QUIET, type Switches } from './switches.ts';

export interface SimulatorOptions {
  version?: SimulatedVersion;
  clusterId?: string;
  /** Default: one node that does everything. */
  nodes?: Partial<NodeSettings>[];
  /** Of the first node; 0, the default, for any free port. */
  port?: number;
  /** Default: a temporary folder that goes with the simulator. */
  storage?: StorageSettings;
  token?: string;
  switches?: Partial<Switches>;
}

export interface SimulatedNode extends NodeSettings {
  readonly url: string;
  /** What was asked, oldest first; without tokens. At most 50,000. */
  readonly requests: SeenRequest[];
  /** Breaks every connection, and with `downMs` answers nobody for so long. */
  restart(downMs?: number): Promise<void>;
}

/** A cluster that behaves as the documents of InfluxDB 3 Enterprise say, traps included. */
export interface EnterpriseSimulator extends AsyncDisposable {
  /** Of the first node. */
  readonly url: string;
  readonly nodes: SimulatedNode[];
  readonly clusterId: string;
  /** The operator's. */
  readonly token: string;
  readonly adminUserToken: string;
  readonly lesserToken: string;
  readonly version: SimulatedVersion;
  readonly storage: StorageSettings;
  /** May be changed at any time. */
  readonly switches: Switches;
  /** Data, backups and restores, for tests that look and damage. */
  readonly cluster: Cluster;
  /** Restarts the node that compacts in the middle of whatever it does. */
  restartCompactor(downMs?: number): Promise<void>;
  /** Restarts every node, which shows what an additive restore brought. */
  restartAll(): Promise<void>;
  /** Turns every switch back. */
  calm(): void;
  stop(): Promise<void>;
}

const LESSER = 'token-of-one-database';
const PERSON = 'token-of-an-admin-user';

export async function startEnterpriseSimulator(
  options: SimulatorOptions = {},
): Promise<EnterpriseSimulator> {
  const version = options.version ?? '3.11.2';
  const switches: Switches = { ...QUIET, ...options.switches };
  const own = options.storage ? undefined : await mkdtemp(join(tmpdir(), 'influx3-simulator-'));
  const storage = options.storage ?? { type: 'directory', path: own ?? '' };
  const objects = storage.type === 's3' ? s3Storage(storage) : directoryStorage(storage.path);
  const clusterId = options.clusterId ?? 'cluster01';
  const cluster = new Cluster(clusterId, PROFILES[version], switches, objects);
  const token = options.token ?? 'operator-token';
  cluster.tokens.set(token, 'operator').set(LESSER, 'lesser').set(PERSON, 'admin-user');
  await layFoundations(cluster);
  await recognise(cluster, 'start');

  const servers: Server[] = [];
  const nodes: SimulatedNode[] = [];
  for (const [at, wanted] of (options.nodes ?? [{}]).entries()) {
    const settings: NodeSettings = {
      name: `node${at + 1}`,
      role: 'all',
      engine: 'upgraded',
      ...wanted,
    };
    const requests: SeenRequest[] = [];
    const server = startNode({ settings, cluster, version, requests, control: () => simulator });
    const port = await listen(server, at === 0 ? (options.port ?? 0) : 0);
    servers.push(server);
    nodes.push({
      ...settings,
      url: `http://127.0.0.1:${port}`,
      requests,
      async restart(downMs = 0) {
        await close(server);
        await new Promise((resolve) => setTimeout(resolve, downMs));
        await listen(server, port);
      },
    });
  }

  const interrupt = (reason: string) => {
    for (const { work } of [...cluster.backups.values(), ...cluster.restores]) work?.abort(reason);
  };
  const stop = async () => {
    interrupt('stop');
    await Promise.all(servers.map(close));
    objects.close();
    if (own !== undefined) await rm(own, { recursive: true, force: true, maxRetries: 5 });
  };
  const simulator: EnterpriseSimulator = {
    url: nodes[0]?.url ?? '',
    nodes,
    clusterId,
    token,
    adminUserToken: PERSON,
    lesserToken: LESSER,
    version,
    storage,
    switches,
    cluster,
    async restartCompactor(downMs) {
      interrupt('restart');
      const compactors = nodes.filter(({ role }) => role === 'all' || role === 'compact');
      await Promise.all(compactors.map((node) => node.restart(downMs)));
      await recognise(cluster, 'start');
    },
    async restartAll() {
      interrupt('restart');
      await Promise.all(nodes.map((node) => node.restart()));
      cluster.settle();
      await recognise(cluster, 'start');
    },
    calm: () => void Object.assign(switches, QUIET),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return simulator;
}

/** What else a cluster keeps in its object store, and nobody who removes a backup may touch. */
async function layFoundations({ id, storage }: Cluster): Promise<void> {
  await storage.put(`${id}/commercial_license`, Buffer.from('simulated'));
  await storage.put(`${id}/catalog/v2/snapshot`, Buffer.from('the catalog'));
  await storage.put('node1/wal/00000000001.wal', Buffer.from('a write-ahead log'));
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
