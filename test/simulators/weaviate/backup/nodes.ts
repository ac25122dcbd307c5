import type { ClusterNode, Memory, Work } from '../cluster.ts';
import { Refusal, type World } from '../exchange.ts';
import { strikes } from '../switches.ts';

/** An unreachable node makes a job fail after so long. */
export const NODE_LOST_MS = 7 * 60_000;

/** The coordinator looks after two seconds, and then every ten. */
export function* looks(): Generator<number, never> {
  yield 2000;
  for (;;) yield 10_000;
}

export function isDown({ switches }: World, node: ClusterNode): boolean {
  return !node.up || strikes(switches, 'nodeDown', node.name);
}

/** Asks every node whether it takes part: the first that does not is named. */
export function demandNodes(
  world: World,
  nodes: ClusterNode[],
  kind: 'backingUp' | 'restoring',
): void {
  const status = world.profile.operationalFaults ? 500 : 422;
  for (const node of nodes) {
    if (isDown(world, node)) {
      throw new Refusal(status, `node "${node.name}": cannot commit : connect: connection refused`);
    }
    const other = node.memory[kind];
    if (other) {
      const what = kind === 'backingUp' ? 'backup' : 'restoration';
      throw new Refusal(
        status,
        `node "${node.name}": cannot commit : ${what} ${other.id} already in progress`,
      );
    }
  }
}

/** A node's share of a job. `result` stays undefined while it works, and for ever when its node dies. */
export interface Part<T> {
  node: ClusterNode;
  result: T | 'cancelled' | undefined;
  ended: Promise<void>;
}

export function startPart<T>(
  node: ClusterNode,
  id: string,
  kind: keyof Pick<Memory, 'backingUp' | 'restoring'>,
  work: (signal: AbortSignal) => Promise<T>,
): Part<T> {
  const booking: Work = { id, stop: new AbortController() };
  node.memory[kind] = booking;
  const { memory, life } = node;
  const run = async () => {
    try {
      part.result = await work(AbortSignal.any([life.signal, booking.stop.signal]));
    } catch {
      if (!life.signal.aborted) part.result = 'cancelled';
    } finally {
      if (memory[kind] === booking) memory[kind] = undefined;
    }
  };
  const part: Part<T> = { node, result: undefined, ended: Promise.resolve() };
  part.ended = run();
  return part;
}

/** Tells every node that works on the job to stop. */
export function stopParts(
  { cluster }: World,
  id: string,
  kind: keyof Pick<Memory, 'backingUp' | 'restoring'>,
): void {
  for (const { memory } of cluster.nodes) if (memory[kind]?.id === id) memory[kind].stop.abort();
}

/** A node that is struck stands still until the switch is off, or it is told to stop. */
export async function hang(
  { switches, clock }: World,
  name: 'backupHangs' | 'restoreHangs',
  classes: string[],
  signal: AbortSignal,
): Promise<void> {
  if (!classes.some((one) => strikes(switches, name, one))) return;
  while (switches[name] !== false) await clock.wait(1000, signal);
}
