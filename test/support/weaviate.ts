import { join } from 'node:path';
import { findTool } from '../../infra/tools/find-tool.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { choosePorts, nodeCommand, type NodePorts } from './weaviate-node.ts';
import { spawnServer, type RunningServer } from './spawn-server.ts';

/** A bucket that the server can reach; it must exist before the first backup. */
export interface WeaviateStorage {
  /** `http://127.0.0.1:<port>` */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  /** Below it lie the backups. */
  path?: string;
}

export interface WeaviateOptions {
  storage: WeaviateStorage;
  /** Three make a cluster on this machine, with a leader. */
  nodes?: 1 | 3;
  /** Of the nodes; default: `node1` and so on. They stand in the keys of what a backup writes. */
  names?: string[];
  /** Asked of every caller; default: anonymous access. */
  apiKey?: string;
  /** More settings of every node; they win. */
  env?: Record<string, string>;
  executable?: string;
}

export interface WeaviateNode {
  /** Fixed: it stands in the keys of the objects that a backup writes. */
  readonly name: string;
  readonly url: string;
  /** Where its data lie. */
  readonly folder: string;
  readonly server: RunningServer;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on its data and ports, after it was stopped or killed; with more settings when told. */
  start(env?: Record<string, string>): Promise<void>;
}

export interface Weaviate extends AsyncDisposable {
  /** The first node's. */
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly storage: WeaviateStorage;
  readonly nodes: readonly WeaviateNode[];
  /** The first node. */
  readonly node: WeaviateNode;
  /** Removes the data, too. */
  stop(): Promise<void>;
}

/** A real Weaviate on empty data, ready, with no module but `backup-s3`. */
export async function startWeaviate(options: WeaviateOptions): Promise<Weaviate> {
  const executable = options.executable ?? (await findTool('weaviate-server'));
  const folder = await temporaryFolder('weaviate');
  const numbered = Array.from({ length: options.nodes ?? 1 }, (_, index) => `node${index + 1}`);
  const names = options.names ?? numbered;
  const ports: NodePorts[] = [];
  for (const name of names) ports.push({ name, ...(await choosePorts()) });
  // The nodes of a cluster are ready only when they see each other.
  const started = await Promise.allSettled(
    ports.map((own) => startNode({ ...options, executable }, own, ports, folder.path)),
  );
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
    await folder.remove();
  };
  const failed = started.find((one) => one.status === 'rejected');
  const [node] = nodes;
  if (failed || !node) {
    await stop();
    throw failed?.reason ?? new Error('no node was asked for');
  }
  const { storage, apiKey } = options;
  return { url: node.url, apiKey, storage, nodes, node, stop, [Symbol.asyncDispose]: stop };
}

async function startNode(
  options: WeaviateOptions & { executable: string },
  own: NodePorts,
  all: NodePorts[],
  root: string,
): Promise<WeaviateNode> {
  const url = `http://127.0.0.1:${own.http}`;
  const folder = join(root, own.name);
  const spawn = (env: Record<string, string> = {}) =>
    spawnServer({
      name: `weaviate-server (${own.name})`,
      command: options.executable,
      ...nodeCommand({ ...options, env: { ...options.env, ...env } }, own, all, folder),
      ready: () => isReady(url),
    });
  let server = await spawn();
  return {
    name: own.name,
    url,
    folder,
    get server() {
      return server;
    },
    kill: () => server.kill(),
    async start(env) {
      server = await spawn(env);
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2000);
  return (await fetch(`${url}/v1/.well-known/ready`, { signal })).status === 200;
}
