import type { ClusterNode, Slot } from '../cluster.ts';
import type { World } from '../exchange.ts';
import { more, strikes } from '../switches.ts';
import { backUpNode, type BackupOrder, summary } from './back-up-node.ts';
import {
  BACKUP_CONFIG,
  type GlobalDescriptor,
  type NodeSummary,
  readNode,
  writeDescriptor,
} from './descriptors.ts';
import { isDown, looks, NODE_LOST_MS, type Part, startPart, stopParts } from './nodes.ts';

/** What the coordinator does when it has answered. Ends with the descriptor, or without a trace when it dies. */
export async function runBackup(
  world: World,
  coordinator: ClusterNode,
  slot: Slot,
  order: BackupOrder,
  descriptor: GlobalDescriptor,
): Promise<void> {
  const { clock, switches, cluster } = world;
  const { memory, life } = coordinator;
  const { classes } = order;
  const parts = cluster.nodes
    .filter(({ name }) => descriptor.nodes[name])
    .map((node) =>
      startPart(node, order.id, 'backingUp', (signal) =>
        backUpNode(
          world,
          node,
          { ...order, classes: descriptor.nodes[node.name]?.classes ?? [] },
          signal,
        ),
      ),
    );
  const release = () => {
    if (memory.backup === slot) memory.backup = undefined;
  };
  try {
    let waited = 0;
    for (const pause of looks()) {
      await clock.wait(pause, life.signal);
      waited += pause;
      if (classes.some((name) => strikes(switches, 'coordinatorDies', name))) return;
      const silent = parts.filter((part) => isDown(world, part.node) || part.result === undefined);
      if (silent.length === 0) break;
      const lost = silent.some(({ node }) => isDown(world, node) || !isWorking(node, order.id));
      if (!lost || waited < NODE_LOST_MS) continue;
      // Who is lost has failed; who still works is told to stop.
      for (const part of silent) {
        const gone = isDown(world, part.node) || !isWorking(part.node, order.id);
        part.result = gone ? undefined : 'cancelled';
      }
      stopParts(world, order.id, 'backingUp');
      break;
    }
    await conclude(world, coordinator, slot, order, descriptor, parts);
  } catch {
    // The coordinator was killed.
  } finally {
    release();
    await Promise.all(parts.map(({ ended }) => ended));
  }
}

function isWorking(node: ClusterNode, id: string): boolean {
  return node.memory.backingUp?.id === id;
}

async function conclude(
  world: World,
  { memory, life }: ClusterNode,
  slot: Slot,
  order: BackupOrder,
  descriptor: GlobalDescriptor,
  parts: Part<NodeSummary>[],
): Promise<void> {
  const { clock, switches } = world;
  const asked = order.classes.some((name) => strikes(switches, 'cancelUnasked', name));
  for (const { node, result } of parts) {
    const classes = descriptor.nodes[node.name]?.classes ?? [];
    if (result === 'cancelled' || asked) {
      descriptor.nodes[node.name] = summary('CANCELED', classes);
    } else {
      descriptor.nodes[node.name] =
        result ?? summary('FAILED', classes, `node "${node.name}" might be down`);
    }
  }
  const all = Object.entries(descriptor.nodes);
  const failed = all.find(([, { status }]) => status === 'FAILED');
  const cancelled = all.some(([, { status }]) => status === 'CANCELED');
  if (failed) {
    const [name, { error }] = failed;
    slot.status = 'FAILED';
    slot.error = error === '' ? '' : `node "${name}": ${error}${more(switches)}`;
  } else {
    slot.status = cancelled ? 'CANCELED' : 'SUCCESS';
    slot.error = asked ? 'backup canceled due to node restart' : '';
  }
  const bytes = all.reduce((sum, [, one]) => sum + one.preCompressionSizeBytes, 0);
  const succeeded = slot.status === 'SUCCESS';
  if (succeeded) await clock.wait(switches.settleMs, life.signal);
  Object.assign(descriptor, {
    status: slot.status,
    error: slot.error,
    completedAt: new Date(
      Math.max(clock.now().getTime(), order.startedAt.getTime() + 1),
    ).toISOString(),
    preCompressionSizeBytes: bytes,
  } satisfies Partial<GlobalDescriptor>);
  if (succeeded) await damage(world, order, descriptor);
  if (succeeded && order.classes.some((name) => strikes(switches, 'successThenStarted', name)))
    return;
  try {
    await writeDescriptor(order.place, `${order.id}/${BACKUP_CONFIG}`, descriptor);
  } catch {
    // It is only logged.
    if (slot.status === 'FAILED') memory.failures.set(order.id, slot.error);
  }
}

/** What befalls chunks that are there and whole. */
async function damage(
  { switches }: World,
  { id, place }: BackupOrder,
  { nodes }: GlobalDescriptor,
): Promise<void> {
  for (const node of Object.keys(nodes)) {
    const descriptor = await readNode(place, id, node).catch(() => undefined);
    for (const { name, chunks } of descriptor?.classes ?? []) {
      const number = Object.keys(chunks).at(-1);
      if (number === undefined) continue;
      const key = `${id}/${node}/${name}/chunk-${number}`;
      const whole = (await place.get(key)) ?? Buffer.alloc(0);
      if (strikes(switches, 'chunkTruncated', name)) await place.put(key, whole.subarray(0, -20));
      else if (strikes(switches, 'chunkEmpty', name)) await place.put(key, Buffer.alloc(0));
      else if (strikes(switches, 'chunkMissing', name)) await place.remove(key);
    }
  }
}
