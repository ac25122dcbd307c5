import type { ClusterNode, Slot } from '../cluster.ts';
import type { Collection } from '../collection.ts';
import type { World } from '../exchange.ts';
import type { Place } from '../storage/storage.ts';
import { more, strikes } from '../switches.ts';
import {
  type ClassDescriptor,
  classesOf,
  fromBase64,
  type GlobalDescriptor,
  RESTORE_CONFIG,
  writeDescriptor,
} from './descriptors.ts';
import { isDown, looks, NODE_LOST_MS, type Part, startPart } from './nodes.ts';
import { type Downloaded, downloadNode, rebuilt } from './restore-node.ts';

export interface RestoreOrder {
  id: string;
  place: Place;
  overwriteAlias: boolean;
  roles: boolean;
  users: boolean;
}

/** What the coordinator does when it has answered. */
export async function runRestore(
  world: World,
  coordinator: ClusterNode,
  slot: Slot,
  order: RestoreOrder,
  descriptor: GlobalDescriptor,
): Promise<void> {
  const { clock, switches, profile } = world;
  const { memory, life } = coordinator;
  const classes = classesOf(descriptor);
  slot.status = 'TRANSFERRING';
  const parts = Object.entries(descriptor.nodes).flatMap(([from, saved]) => {
    const node = world.cluster.node(descriptor.node_mapping?.[from] ?? from);
    if (!node) return [];
    const share = { id: order.id, place: order.place, classes: saved.classes, from };
    const start = (signal: AbortSignal) => downloadNode(world, share, signal);
    return [{ from, part: startPart(node, order.id, 'restoring', start) }];
  });
  const say = async (status: string, error = '') => {
    Object.assign(descriptor, { status, error });
    slot.status = status;
    slot.error = error;
    const key = `${order.id}/${RESTORE_CONFIG}`;
    // A descriptor that cannot be written is only logged.
    await writeDescriptor(order.place, key, descriptor).catch(() => undefined);
  };
  const end = async (status: string, error = '') => {
    descriptor.completedAt = clock.now().toISOString();
    await say(status, status === 'FAILED' ? error + more(switches) : error);
  };
  const runsOn = () => classes.some((name) => strikes(switches, 'restoreRunsOn', name));
  try {
    let waited = 0;
    for (const pause of looks()) {
      await clock.wait(pause, life.signal);
      waited += pause;
      if (memory.restore !== slot) return;
      if (classes.some((name) => strikes(switches, 'restoreCoordinatorDies', name))) return;
      const silent = parts.filter(({ part }) => isSilent(world, part));
      if (silent.length === 0) break;
      if (waited >= NODE_LOST_MS && silent.some(({ part }) => isLost(world, part, order.id))) {
        const [{ part } = { part: undefined }] = silent;
        await end('FAILED', `node "${part?.node.name}" might be down`);
        return;
      }
    }
    if (parts.some(({ part }) => part.result === 'cancelled')) {
      await end('CANCELED', 'restore canceled by user');
      if (!runsOn()) return;
      if (memory.restore === slot) memory.restore = undefined;
      await clock.wait(switches.downloadMs, life.signal);
      const again = await Promise.all(
        parts.map(async ({ from, part: { node } }) => {
          const saved = descriptor.nodes[from]?.classes ?? [];
          const share = { id: order.id, place: order.place, classes: saved, from };
          return { node, from, downloaded: await downloadNode(world, share, life.signal) };
        }),
      );
      applyClasses(world, order, classes, again);
      return;
    }
    const downloads = parts.map(({ from, part }) => ({
      node: part.node,
      from,
      downloaded: part.result as Downloaded,
    }));
    const broken = downloads.find(({ downloaded }) => downloaded.error !== undefined);
    if (broken) {
      await end('FAILED', `node "${broken.node.name}": ${broken.downloaded.error}`);
      return;
    }
    slot.status = 'TRANSFERRED';
    if (classes.some((name) => strikes(switches, 'restoreFails', name))) {
      await end('FAILED', 'could not restore classes: raft: leadership lost');
      return;
    }
    await clock.wait(switches.finalizeMs / 10, life.signal);
    if (profile.modernRestore) await say('FINALIZING');
    await clock.wait(switches.finalizeMs, life.signal);
    const failures = applyClasses(world, order, classes, downloads);
    if (failures.length > 0) {
      await end('FAILED', `could not restore classes: [${failures.join(', ')}]`);
    } else await end('SUCCESS');
  } catch {
    // The coordinator was killed.
  } finally {
    if (memory.restore === slot) memory.restore = undefined;
    await Promise.all(parts.map(({ part }) => part.ended));
  }
}

function isSilent(world: World, part: Part<Downloaded>): boolean {
  return isDown(world, part.node) || part.result === undefined;
}

function isLost(world: World, { node }: Part<Downloaded>, id: string): boolean {
  return isDown(world, node) || node.memory.restoring?.id !== id;
}

interface SavedUsers {
  Data: { Users: Record<string, unknown> };
}

type Downloads = Parameters<typeof rebuilt>[2];

/** One class after the other; those before and after one that fails are there all the same. */
function applyClasses(
  world: World,
  order: RestoreOrder,
  classes: string[],
  downloads: Downloads,
): string[] {
  const { cluster, switches } = world;
  const leader = downloads.find(({ downloaded }) => downloaded.classes.length === classes.length);
  const access = (leader ?? downloads[0])?.downloaded.access;
  // All that were there go, whether the backup holds them or not.
  if (order.roles && access?.roles) {
    cluster.access.roles = fromBase64<Record<string, unknown>>(access.roles);
  }
  if (order.users && access?.users) {
    cluster.access.users = fromBase64<SavedUsers>(access.users).Data.Users;
  }
  const failures: string[] = [];
  classes.forEach((name, i) => {
    const last = i === classes.length - 1;
    try {
      if (switches.restorePartial === true ? last : strikes(switches, 'restorePartial', name)) {
        throw new Error('apply: disk quota exceeded');
      }
      cluster.demandFree(name);
      const all = downloads.flatMap(({ downloaded }) => downloaded.classes);
      const descriptor = all.find((one) => one.name === name);
      if (!descriptor) throw new Error('class not found in the descriptors');
      const collection = rebuilt(world, descriptor, downloads);
      spoil(world, collection);
      cluster.collections.set(name, collection);
      const blocked = restoreAliases(world, descriptor, order.overwriteAlias);
      if (blocked !== undefined) failures.push(`"${name}": ${blocked}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      failures.push(`"${name}": error when trying to restore class: ${why}`);
    }
  });
  return failures;
}

/** An alias that points elsewhere stays so unless it is to be moved; a class of its name is a failure. */
function restoreAliases(
  { cluster }: World,
  { name, aliases }: ClassDescriptor,
  overwrite: boolean,
): string | undefined {
  for (const { alias } of fromBase64<{ alias: string }[]>(aliases)) {
    if (cluster.aliases.has(alias) && !overwrite) continue;
    cluster.aliases.delete(alias);
    try {
      cluster.addAlias(alias, name);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `failed to restore alias for class: create alias ${alias} failed: ${why}`;
    }
  }
  return undefined;
}

/** What comes back wrong although everything says SUCCESS. */
function spoil({ switches }: World, { name, shards }: Collection): void {
  const full = [...shards.values()].find(({ objects }) => objects.size > 0);
  if (!full) return;
  if (strikes(switches, 'restoreLosesObjects', name)) {
    for (const { objects } of shards.values()) objects.clear();
    return;
  }
  const [object] = full.objects.values();
  if (!object) return;
  if (strikes(switches, 'restoreAltersObject', name)) {
    object.properties = { ...object.properties, altered: true };
  }
  if (strikes(switches, 'restoreAltersVector', name)) {
    if (object.vector) object.vector = object.vector.map((value) => value + 1);
    for (const [key, vector] of Object.entries(object.vectors ?? {})) {
      const one = vector.map((value) => (typeof value === 'number' ? value + 1 : value));
      object.vectors = { ...object.vectors, [key]: one as number[] };
    }
  }
}
