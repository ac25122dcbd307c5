import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from './free-port.ts';
import type { WeaviateOptions } from './weaviate.ts';

export interface NodePorts {
  name: string;
  http: number;
  grpc: number;
  gossip: number;
  data: number;
  raft: number;
}

export async function choosePorts(): Promise<Omit<NodePorts, 'name'>> {
  const [http, grpc, gossip, data] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  // Nodes on one machine look for each other's RPC at the port after that of raft.
  let raft = await freePort();
  while (!(await isFreePort(raft + 1))) raft = await freePort();
  return { http, grpc, gossip, data, raft };
}

/** What starts a node: everything on loopback that can be bound there (gRPC and the cluster's own API cannot). */
export function nodeCommand(
  { storage, apiKey, env = {} }: WeaviateOptions,
  own: NodePorts,
  all: NodePorts[],
  folder: string,
): { args: string[]; env: Record<string, string> } {
  const { host, protocol } = new URL(storage.endpoint);
  const others = all.filter(({ name }) => name !== own.name);
  return {
    args: ['--scheme', 'http', '--host', '127.0.0.1', '--port', `${own.http}`],
    env: {
      PERSISTENCE_DATA_PATH: folder,
      DEFAULT_VECTORIZER_MODULE: 'none',
      ENABLE_MODULES: 'backup-s3',
      BACKUP_S3_BUCKET: storage.bucket,
      BACKUP_S3_ENDPOINT: host,
      BACKUP_S3_USE_SSL: `${protocol === 'https:'}`,
      ...(storage.path === undefined ? {} : { BACKUP_S3_PATH: storage.path }),
      AWS_REGION: storage.region,
      AWS_ACCESS_KEY_ID: storage.accessKeyId,
      AWS_SECRET_ACCESS_KEY: storage.secretAccessKey,
      ...authentication(apiKey),
      CLUSTER_HOSTNAME: own.name,
      CLUSTER_IN_LOCALHOST: 'true',
      CLUSTER_BIND_ADDR: '127.0.0.1',
      CLUSTER_ADVERTISE_ADDR: '127.0.0.1',
      CLUSTER_GOSSIP_BIND_PORT: `${own.gossip}`,
      CLUSTER_DATA_BIND_PORT: `${own.data}`,
      ...(others.length === 0
        ? {}
        : { CLUSTER_JOIN: others.map(({ gossip }) => `127.0.0.1:${gossip}`).join(',') }),
      RAFT_PORT: `${own.raft}`,
      RAFT_INTERNAL_RPC_PORT: `${own.raft + 1}`,
      RAFT_JOIN: all.map(({ name, raft }) => `${name}:${raft}`).join(','),
      RAFT_BOOTSTRAP_EXPECT: `${all.length}`,
      GRPC_PORT: `${own.grpc}`,
      GO_PROFILING_DISABLE: 'true',
      DISABLE_TELEMETRY: 'true',
      // A disk that is 90 % full would make every shard read-only.
      DISK_USE_READONLY_PERCENTAGE: '100',
      DISK_USE_WARNING_PERCENTAGE: '100',
      LOG_LEVEL: 'info',
      ...env,
    },
  };
}

function authentication(apiKey: string | undefined): Record<string, string> {
  if (apiKey === undefined) return { AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'true' };
  return {
    AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
    AUTHENTICATION_APIKEY_ENABLED: 'true',
    AUTHENTICATION_APIKEY_ALLOWED_KEYS: apiKey,
    AUTHENTICATION_APIKEY_USERS: 'tests',
  };
}

async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
