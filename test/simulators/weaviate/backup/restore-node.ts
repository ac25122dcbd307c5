import type { ClusterNode } from '../cluster.ts';
import { Collection, type DataObject, type Definition, type TenantStatus } from '../collection.ts';
import type { World } from '../exchange.ts';
import type { Place } from '../storage/storage.ts';
import { readClassFiles } from './class-files.ts';
import { type ClassDescriptor, fromBase64, readNode } from './descriptors.ts';
import { hang } from './nodes.ts';
import { objectsIn, shardFolder } from './shard-files.ts';

export interface Downloaded {
  error?: string;
  classes: ClassDescriptor[];
  /** By class, then by shard. */
  objects: Map<string, Map<string, Map<string, DataObject>>>;
  access: { roles: string | null; users: string | null };
}

/** One node's part of a restore: everything is read before anything is seen. */
export async function downloadNode(
  world: World,
  order: { id: string; place: Place; classes: string[]; from: string },
  signal: AbortSignal,
): Promise<Downloaded> {
  const { id, place, classes, from } = order;
  const downloaded: Downloaded = {
    classes: [],
    objects: new Map(),
    access: { roles: null, users: null },
  };
  await world.clock.wait(world.switches.downloadMs, signal);
  await hang(world, 'restoreHangs', classes, signal);
  try {
    const descriptor = await readNode(place, id, from);
    if (!descriptor) throw new Error(`get metadata: ${id}/${from}/backup.json does not exist`);
    downloaded.access = { roles: descriptor.rbacBackups, users: descriptor.userBackups };
    for (const one of descriptor.classes.filter(({ name }) => classes.includes(name))) {
      signal.throwIfAborted();
      const stored = await readClassFiles(place, descriptor, from, one);
      const files = new Map([...stored].map(([name, { bytes }]) => [name, bytes]));
      const shards = (one.shards ?? []).map(
        ({ name }) => [name, objectsIn(files, shardFolder(one.name, name))] as const,
      );
      downloaded.classes.push(one);
      downloaded.objects.set(one.name, new Map(shards));
    }
  } catch (error) {
    signal.throwIfAborted();
    downloaded.error = `restore class: ${error instanceof Error ? error.message : String(error)}`;
  }
  return downloaded;
}

/** The class as the backup has it, on the nodes of this cluster. */
export function rebuilt(
  { cluster }: World,
  descriptor: ClassDescriptor,
  parts: { node: ClusterNode; from: string; downloaded: Downloaded }[],
): Collection {
  const collection = new Collection(fromBase64<Definition>(descriptor.schema));
  const { physical } = fromBase64<{
    physical: Record<string, { belongsToNodes: string[]; status: TenantStatus }>;
  }>(descriptor.shardingState);
  for (const [name, { belongsToNodes, status }] of Object.entries(physical)) {
    const part = parts.find(({ from }) => from === belongsToNodes[0]);
    const shard = collection.addShard(part?.node.name ?? cluster.leader.name, name, status);
    const objects = part?.downloaded.objects.get(descriptor.name)?.get(name);
    for (const [id, object] of objects ?? []) shard.objects.set(id, object);
    shard.counted = shard.objects.size;
  }
  return collection;
}
