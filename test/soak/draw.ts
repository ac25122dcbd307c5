import type { Operation } from '../../workflows/contract/names.ts';
import type { Step } from '../support/death-wish.ts';
import type { Random } from './prng.ts';
import type { AskedRestore, Fault, World } from './world.ts';

/** One operation of an episode. */
export interface Asked {
  operation: Operation;
  target: string;
  afterMs: number;
  /** Which of the backups there are: from 0, the oldest, to 1. */
  pick: number;
  depth?: 'quick' | 'deep';
  restore?: AskedRestore;
}

/** Something that happens while operations run; what is late waits until a worker froze at its step. */
export type Disturbance = { afterMs: number } & (
  | { kind: 'kill' }
  | { kind: 'terminate' | 'reset'; which: number; late: boolean }
  | { kind: 'doctor' }
  | { kind: 'outage'; forMs: number }
  | { kind: 'freeze'; forMs: number }
  | {
      kind: 'cancel';
      which: number;
      late: boolean;
      how: 'signal' | 'natively' | 'twice';
      thenKill: boolean;
    }
  | { kind: 'fault'; fault: Fault; forMs: number }
);

export interface Episode {
  writes: boolean;
  slow: boolean;
  workers: number;
  dieAt: Step[];
  freezeAt: Step[];
  operations: Asked[];
  disturbances: Disturbance[];
}

const OFTEN = ['kill', 'freeze', 'cancel', 'fault', 'fault', 'fault'] as const;
const SELDOM = ['terminate', 'cancel', 'outage'] as const;

/** When every operation has been started. */
const ALL_STARTED_MS = 1_500;

/** Longer than the heartbeat of every target. */
const FREEZE_MS = [3_000, 7_000] as const;

export function drawEpisode(random: Random, world: World, number: number): Episode {
  const operations = Array.from({ length: random.of([1, 2, 2, 3]) }, (_, at) =>
    drawOperation(random, world, `e${number}-${at}`),
  );
  const whole = operations.find(
    ({ restore }) => restore?.whole ?? restore?.alone ?? restore?.replaces,
  );
  const steps = (share: number) => {
    const reached = operations.flatMap(({ operation }) => world.steps[operation] ?? []);
    const count = random.chance(share) ? random.between(1, 4) : 0;
    return Array.from({ length: count }, () => random.of(reached));
  };
  const disturbances = Array.from({ length: random.of([0, 2, 3, 4, 5]) }, () =>
    drawDisturbance(random, world, operations),
  );
  const late = disturbances.filter((one) => 'late' in one && one.late);
  const begunBy = (one: Disturbance) => {
    const asked = 'which' in one ? operations[one.which] : undefined;
    const fit = asked && world.begun?.(asked.operation, asked.target);
    return fit && fit.length > 0 ? [random.of(fit)] : steps(1);
  };
  return {
    writes: random.chance(0.5),
    slow: random.chance(0.5),
    workers: random.of([1, 1, 2]),
    dieAt: steps(0.5),
    freezeAt: late.length === 0 ? steps(0.2) : late.flatMap((one) => begunBy(one)),
    // What two restores that replace the same make of it depends on which came first.
    operations: operations.filter((one) => !whole || !one.restore || one === whole),
    disturbances,
  };
}

/** Undisturbed, so that those that follow have something to read. */
export function firstBackups(world: World): Episode {
  const { targets, destination } = world;
  const operations = [...targets, ...(world.restoreHome ? [destination] : [])].map((target) => {
    return { operation: 'backup' as const, target, afterMs: 0, pick: 0 };
  });
  return {
    writes: false,
    slow: false,
    workers: 1,
    dieAt: [],
    freezeAt: [],
    operations,
    disturbances: [],
  };
}

function drawOperation(random: Random, world: World, name: string): Asked {
  const often: Operation[] = ['backup', 'backup', 'restore', 'restore', 'verify', 'delete', 'copy'];
  const operation = random.of(often.filter((one) => world.operations.includes(one)));
  const home = world.restoreHome !== undefined && operation !== 'backup' && random.chance(0.25);
  const comesHome = home && operation === 'restore' ? world.restoreHome?.(random, name) : undefined;
  return {
    operation,
    target: home ? world.destination : random.of(world.targets),
    afterMs: random.chance(0.5) ? 0 : random.between(0, ALL_STARTED_MS),
    pick: random.share(),
    ...(operation === 'verify' ? { depth: random.of(['quick', 'deep'] as const) } : {}),
    ...(operation === 'restore' ? { restore: comesHome ?? world.restore(random, name) } : {}),
  };
}

function drawDisturbance(random: Random, world: World, operations: readonly Asked[]): Disturbance {
  const afterMs = random.between(0, 2_500);
  const kind = random.of([...OFTEN, random.of([...SELDOM, ...(world.intrusions ?? [])])]);
  switch (kind) {
    case 'kill':
    case 'doctor':
      return { kind, afterMs };
    case 'terminate':
    case 'reset':
      return {
        kind,
        afterMs,
        which: random.between(0, operations.length - 1),
        late: random.chance(0.6),
      };
    case 'outage':
      return { kind, afterMs: afterMs + ALL_STARTED_MS + 500, forMs: random.between(500, 6_000) };
    case 'freeze':
      return { kind, afterMs, forMs: random.between(...FREEZE_MS) };
    case 'cancel':
      return {
        kind,
        afterMs,
        which: random.between(0, operations.length - 1),
        late: random.chance(0.75),
        how: random.of(['signal', 'natively', 'twice'] as const),
        thenKill: random.chance(0.3),
      };
    case 'fault':
      return {
        kind,
        // Most strike from the first request on.
        afterMs: random.chance(0.5) ? 0 : afterMs,
        forMs: random.between(500, 6_000),
        fault: world.fault(random, operations),
      };
  }
}

/** All that was drawn, in one line for each. */
export function told(episode: Episode): string[] {
  const { writes, slow, workers, dieAt, freezeAt, operations, disturbances } = episode;
  return [
    `${workers} worker(s)${writes ? ', after writes' : ''}${slow ? ', slow' : ''}`,
    ...operations.map(({ restore, pick, ...one }) =>
      JSON.stringify({ ...one, pick: pick.toFixed(2), ...(restore && { restore: restore.name }) }),
    ),
    ...(dieAt.length > 0 ? [`die at ${dieAt.join(', ')}`] : []),
    ...(freezeAt.length > 0 ? [`freeze at ${freezeAt.join(', ')}`] : []),
    ...disturbances.map((one) =>
      JSON.stringify('fault' in one ? { ...one, fault: one.fault.name } : one),
    ),
  ];
}
