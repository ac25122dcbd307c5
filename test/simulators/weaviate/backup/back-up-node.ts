import { ZERO_TIME } from '../clock.ts';
import type { ClusterNode } from '../cluster.ts';
import type { Collection } from '../collection.ts';
import type { World } from '../exchange.ts';
import type { Place } from '../storage/storage.ts';
import { strikes } from '../switches.ts';
import { type Files, compressionOf, pack } from './chunk.ts';
import { readClassFiles, type StoredFile } from './class-files.ts';
import {
  base64,
  type ClassDescriptor,
  FORMAT,
  nodeDescriptorKey,
  type NodeDescriptor,
  type NodeSummary,
  readNode,
  type ShardDescriptor,
  writeDescriptor,
} from './descriptors.ts';
import { hang } from './nodes.ts';
import { shardFiles } from './shard-files.ts';

export interface BackupOrder {
  id: string;
  place: Place;
  /** What this node is to save. */
  classes: string[];
  level: string;
  base: string | undefined;
  startedAt: Date;
}

/** One node's part of a backup: its chunks, then its descriptor. Throws only when the signal comes. */
export async function backUpNode(
  world: World,
  node: ClusterNode,
  order: BackupOrder,
  signal: AbortSignal,
): Promise<NodeSummary> {
  const { classes } = order;
  const failed = (error: string) => summary('FAILED', classes, error);
  const { switches, clock } = world;
  await clock.wait(switches.listingMs, signal);
  const listed: Listed[] = [];
  for (const name of classes) {
    const collection = world.cluster.collections.get(name);
    if (!collection) return failed(`class ${name} doesn't exist any more`);
    listed.push({ collection, shards: listShards(world, node.name, collection) });
  }
  await clock.wait(switches.workMs, signal);
  await hang(world, 'backupHangs', classes, signal);
  const victim = classes.find((name) => strikes(switches, 'backupFails', name));
  if (victim !== undefined) return failed(`class ${victim}: shard: store bucket: disk quota`);
  if (classes.some((name) => strikes(switches, 'backupFailsSilently', name))) return failed('');

  try {
    const saved: ClassDescriptor[] = [];
    const own = await restedOn(world, node, order);
    for (const one of listed) saved.push(await saveClass(world, node, own, one, signal));
    const bytes = saved.reduce((sum, one) => sum + one.preCompressionSizeBytes, 0);
    await describe(world, node, own, saved, bytes);
    return { ...summary('SUCCESS', classes), preCompressionSizeBytes: bytes };
  } catch (error) {
    signal.throwIfAborted();
    return failed(error instanceof Error ? error.message : String(error));
  }
}

export function summary(status: string, classes: string[], error = ''): NodeSummary {
  return { classes, status, error, preCompressionSizeBytes: 0 };
}

interface Listed {
  collection: Collection;
  /** The files of each shard, as they are when they are listed: later writes go into others. */
  shards: Map<string, Files>;
}

function listShards({ profile }: World, node: string, collection: Collection): Map<string, Files> {
  const here = [...collection.shards.values()].filter((shard) => {
    if (shard.node !== node || shard.status === 'OFFLOADED') return false;
    return shard.status === 'ACTIVE' || profile.inactiveTenants;
  });
  return new Map(here.map((shard) => [shard.name, shardFiles(collection, shard)]));
}

async function saveClass(
  world: World,
  node: ClusterNode,
  order: BackupOrder,
  { collection, shards: listed }: Listed,
  signal: AbortSignal,
): Promise<ClassDescriptor> {
  const { id, place, level } = order;
  const earlier = await earlierFiles(order, node.name, collection.name);
  const chunks: Record<string, string[]> = {};
  const shards: ShardDescriptor[] = [];
  let open: { files: Files; names: string[]; bytes: number } = {
    files: new Map(),
    names: [],
    bytes: 0,
  };
  let plain = 0;
  const close = async () => {
    if (open.names.length === 0) return;
    signal.throwIfAborted();
    const number = Object.keys(chunks).length + 1;
    await place.put(
      `${id}/${node.name}/${collection.name}/chunk-${number}`,
      pack(open.files, level),
    );
    chunks[number] = open.names;
    open = { files: new Map(), names: [], bytes: 0 };
  };
  for (const [shard, files] of listed) {
    const filesPerBackup: Record<string, { file: string; chunkKeys: string[] }[]> = {};
    for (const [file, bytes] of files) {
      plain += bytes.length;
      const same = earlier.get(file);
      if (same?.bytes.equals(bytes)) {
        (filesPerBackup[same.backup] ??= []).push({ file, chunkKeys: [same.chunkKey] });
      } else {
        open.files.set(file, bytes);
        open.bytes += bytes.length;
      }
    }
    open.names.push(shard);
    shards.push({
      name: shard,
      node: node.name,
      files: [...files.keys()],
      incrementalBackupInfo: order.base === undefined ? {} : { filesPerBackup },
    });
    if (open.bytes >= world.chunkBytes) await close();
  }
  await close();
  return {
    name: collection.name,
    backupId: id,
    shards: shards.length === 0 ? null : shards,
    shardingState: base64(shardingState(collection)),
    schema: base64(collection.definition),
    aliases: base64(aliasesOf(world, collection.name)),
    aliasesIncluded: world.profile.aliases,
    chunks,
    preCompressionSizeBytes: plain,
  };
}

/** A node that the base does not know makes its own part a full one, or cannot. */
async function restedOn(
  { profile }: World,
  { name }: ClusterNode,
  order: BackupOrder,
): Promise<BackupOrder> {
  const { place, base } = order;
  if (base === undefined || (await readNode(place, base, name))) return order;
  if (profile.nodesJoin) return { ...order, base: undefined };
  throw new Error(`could not fetch base backup: ${nodeDescriptorKey(base, name)}: not found`);
}

async function earlierFiles(
  { place, base }: BackupOrder,
  node: string,
  name: string,
): Promise<Map<string, StoredFile>> {
  const descriptor = base === undefined ? undefined : await readNode(place, base, node);
  const same = descriptor?.classes.find((one) => one.name === name);
  if (!descriptor || !same) return new Map();
  return readClassFiles(place, descriptor, node, same);
}

function shardingState(collection: Collection) {
  const physical = [...collection.shards.values()].map(({ name, node, status }) => [
    name,
    { name, belongsToNodes: [node], status },
  ]);
  return { partitioningEnabled: collection.hasTenants, physical: Object.fromEntries(physical) };
}

function aliasesOf({ cluster, profile }: World, name: string) {
  if (!profile.aliases) return [];
  return [...cluster.aliases]
    .filter(([, target]) => target === name)
    .map(([alias]) => ({ alias, class: name }));
}

async function describe(
  { switches, profile, cluster }: World,
  node: ClusterNode,
  order: BackupOrder,
  classes: ClassDescriptor[],
  bytes: number,
): Promise<void> {
  if (strikes(switches, 'nodeDescriptorMissing', node.name)) return;
  const { roles, users } = cluster.access;
  const descriptor: NodeDescriptor = {
    startedAt: order.startedAt.toISOString(),
    completedAt: ZERO_TIME,
    id: order.id,
    classes,
    rbacBackups: Object.keys(roles).length === 0 ? null : base64(roles),
    // Also without users there is a list of them.
    userBackups: profile.access ? base64({ Data: { Users: users } }) : null,
    status: 'SUCCESS',
    version: FORMAT,
    serverVersion: profile.version,
    error: '',
    preCompressionSizeBytes: bytes,
    compressionType: compressionOf(order.level),
    ...(order.base === undefined ? {} : { baseBackupId: order.base }),
  };
  try {
    await writeDescriptor(order.place, nodeDescriptorKey(order.id, node.name), descriptor);
  } catch (error) {
    if (profile.trustsNodes) throw error;
  }
}
