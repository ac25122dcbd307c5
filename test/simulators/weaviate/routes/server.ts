import { demandReading, mayRead } from '../access.ts';
import type { ClusterNode } from '../cluster.ts';
import { isDown } from '../backup/nodes.ts';
import { className } from '../collection.ts';
import { type Exchange, Refusal, sendJson, sendNothing } from '../exchange.ts';

export function ready({ response }: Exchange): void {
  sendNothing(response, 200);
}

export function meta({ world, request, response }: Exchange): void {
  const { storage, profile } = world;
  sendJson(response, 200, {
    grpcMaxMessageSize: 104_858_000,
    hostname: `http://${request.headers.host ?? '[::]:8080'}`,
    modules: { [`backup-${storage.backend}`]: storage.about },
    version: profile.version,
  });
}

export function nodes(exchange: Exchange): void {
  const { world, url, parts, response } = exchange;
  const output = url.searchParams.get('output') ?? 'minimal';
  if (output === 'minimal') demandReading(exchange, 'nodes');
  else if (parts[0] !== undefined) demandReading(exchange, 'shards');
  if (output !== 'minimal' && output !== 'verbose') {
    const known = 'possible values are: "minimal", "verbose"';
    throw new Refusal(422, `invalid output: "${output}", ${known}`);
  }
  const name = parts[0] === undefined ? undefined : className(parts[0]);
  if (name !== undefined && !world.cluster.collection(name)) {
    throw new Refusal(404, `class "${name}" not found`);
  }
  const all = world.cluster.nodes.map((node) => told(exchange, node, output === 'verbose', name));
  sendJson(response, 200, { nodes: all });
}

function told(
  exchange: Exchange,
  node: ClusterNode,
  verbose: boolean,
  wanted: string | undefined,
): Record<string, unknown> {
  const { world } = exchange;
  if (isDown(world, node)) return { name: node.name, shards: null, status: 'UNAVAILABLE' };
  const about = {
    batchStats: { queueLength: 0, ratePerSecond: 0 },
    name: node.name,
    operationalMode: 'ReadWrite',
    status: 'HEALTHY',
    version: world.profile.version,
  };
  if (!verbose) return { ...about, shards: null };
  const seen = mayRead(exchange, 'shards') ? world.cluster.collections.values() : [];
  const shards = [...seen]
    .filter(({ name }) => wanted === undefined || name === wanted)
    .flatMap((collection) =>
      [...collection.shards.values()]
        .filter((shard) => shard.node === node.name && shard.status === 'ACTIVE')
        .map((shard) => {
          return {
            class: collection.name,
            compressed: false,
            loaded: true,
            name: shard.name,
            objectCount: shard.counted,
            vectorIndexingStatus: 'READY',
            vectorQueueLength: 0,
          };
        }),
    );
  const objectCount = shards.reduce((sum, shard) => sum + shard.objectCount, 0);
  return {
    ...about,
    shards: shards.length === 0 ? null : shards,
    stats: { objectCount, shardCount: shards.length },
  };
}

export function statistics(exchange: Exchange): void {
  demandReading(exchange, 'cluster');
  const { cluster } = exchange.world;
  const all = cluster.nodes.map((node) => ({
    leaderId: cluster.leader.name,
    name: node.name,
    ready: node.up,
    status: node.up ? 'HEALTHY' : 'UNAVAILABLE',
  }));
  sendJson(exchange.response, 200, { statistics: all, synchronized: true });
}

export function openidConfiguration({ response }: Exchange): void {
  // 404 is how a server says that it has no OIDC.
  sendNothing(response, 404);
}
