import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { workflowId } from '../../workflows/contract/names.ts';
import { copiesBegun } from './copies.ts';
import { reset } from '../support/reset.ts';
import { Crew } from './crew.ts';
import type { Asked, Disturbance, Episode } from './draw.ts';
import type { Ledger } from './ledger.ts';
import { judge } from './judge.ts';
import type { Random } from './prng.ts';
import { removeLeftovers } from './settle.ts';
import { endOf, type Started } from './started.ts';
import { sourcesOf, type World } from './world.ts';

/** Of each target, that others have something to read. */
const KEPT = 2;

export interface Outcome {
  /** One line for each run. */
  told: string[];
  /** What must not be; empty when all is well. */
  problems: string[];
}

/** Starts the operations, disturbs them, lets everything come to its end, and judges what there is then. */
export async function play(
  world: World,
  ledger: Ledger,
  episode: Episode,
  random: Random,
): Promise<Outcome> {
  if (episode.writes) await world.write(random);
  await world.empty();
  const before = {
    sources: await sourcesOf(world),
    destination: await world.contents(world.destination),
  };
  const crew = new Crew(world);
  await crew.begin(episode.workers, episode.dieAt, episode.freezeAt);
  if (episode.slow) world.slow();
  // Nothing is left to be disturbed.
  const over = new AbortController();
  const pause: Pause = (ms) =>
    sleep(ms, undefined, { signal: over.signal }).then(
      () => true,
      () => false,
    );
  const starting = episode.operations.map(async (asked) => {
    await sleep(asked.afterMs);
    return begin(world, ledger, asked);
  });
  const disturbing = Promise.all(
    episode.disturbances.map((one) => disturb({ world, crew, starting, pause }, one)),
  );
  const runs = (await Promise.all(starting)).filter((run) => run !== undefined);
  void Promise.allSettled(runs.map(({ handle }) => handle.result())).then(() => over.abort());
  await disturbing;
  await world.calm();
  await crew.heal();
  const seen = await Promise.all(runs.map(endOf));
  const copies = await copiesBegun(world, ledger, runs);
  runs.push(...copies);
  seen.push(...(await Promise.all(copies.map(endOf))));
  await crew.end();
  const verdict = await judge({ world, ledger, episode, runs, ends: seen, before });
  const met = crew.met.length > 0 ? [`met ${crew.met.join(', ')}`] : [];
  return { told: [...met, ...verdict.told], problems: [...verdict.problems, ...crew.problems] };
}

async function begin(world: World, ledger: Ledger, asked: Asked): Promise<Started | undefined> {
  const { operation, target, pick, depth, restore } = asked;
  const needed = operation === 'backup' ? 0 : operation === 'delete' ? KEPT + 1 : 1;
  const backup = needed === 0 ? undefined : ledger.pick(target, pick, needed);
  if (needed > 0 && !backup) return undefined;
  if (operation === 'delete' && backup) backup.doubtful = true;
  const request = {
    target,
    ...(backup && { backup: backup.id }),
    ...(operation === 'delete' && backup ? { confirm: backup.id } : {}),
    ...(depth && { depth }),
    ...restore?.input,
  };
  // There is one copy of a backup at a time.
  const id = operation === 'copy' && backup ? workflowId('copy', target, backup.id) : undefined;
  const handle = await world.stage.holdfast.start(operation, request, id).catch(underWay);
  if (!handle) return undefined;
  if (operation === 'copy') ledger.copies.add(handle.firstExecutionRunId);
  return { asked, handle, ...(backup && { backup }), cancelled: false, terminated: false };
}

function underWay(error: unknown): undefined {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
}

/** To its last task: it goes on with the work of the run that this ends. */
async function resetRun(world: World, run: Started): Promise<void> {
  const { workflowId: id, firstExecutionRunId } = run.handle;
  const ids = { workflowId: id, runId: firstExecutionRunId };
  const handle = await reset(world.stage.holdfast, ids, 'last').catch(() => undefined);
  if (!handle) return;
  run.handle = Object.assign(handle, { firstExecutionRunId });
  run.terminated = true;
  run.reset = true;
}

/** Some steps are never reached. */
const LATEST_MS = 15_000;

/** @returns whether there is still something to disturb */
type Pause = (ms: number) => Promise<boolean>;

async function disturb(
  on: { world: World; crew: Crew; starting: Promise<Started | undefined>[]; pause: Pause },
  one: Disturbance,
): Promise<void> {
  const { crew, starting, pause } = on;
  const run = 'which' in one ? await starting[one.which] : undefined;
  const late = 'late' in one && one.late;
  if (late) await Promise.race([crew.froze, pause(LATEST_MS)]);
  if (!(await pause(late ? 0 : one.afterMs))) return;
  switch (one.kind) {
    case 'kill':
      return crew.kill();
    case 'terminate': {
      const ended = await run?.handle.terminate('by hand').catch(() => undefined);
      // Another one may have come first.
      if (run && ended) run.terminated = true;
      return;
    }
    case 'reset':
      return run && resetRun(on.world, run);
    case 'doctor':
      // It may meet with the faults itself.
      return removeLeftovers(on.world).catch(() => undefined);
    case 'outage':
      return on.world.outage?.(one.forMs);
    case 'freeze':
      return crew.freeze(one.forMs);
    case 'fault':
      await one.fault.begin();
      await pause(one.forMs);
      await one.fault.end?.();
      return;
    case 'cancel': {
      if (!run) return;
      run.cancelled = true;
      const gone = () => undefined;
      if (one.how !== 'natively') await run.handle.signal('cancel').catch(gone);
      if (one.how !== 'signal') await run.handle.cancel().catch(gone);
      if (one.thenKill) crew.kill();
    }
  }
}
