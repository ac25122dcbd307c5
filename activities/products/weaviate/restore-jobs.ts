import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { PlannedJob, RestoreJobs } from '../delegated.ts';
import type { Alias } from './database.ts';
import { restoreKey } from './descriptors.ts';
import { few } from '../../few.ts';
import { isBeforeSchema, stateOf } from './job-status.ts';
import { unlessLockedOut } from './locked-out.ts';
import { madeEarly } from './made-by.ts';
import { planRestore } from './plan-restore.ts';
import { pollRestore } from './poll-restore.ts';
import { prove } from './prove.ts';
import { detailOf, stateFrom, type RestoreState } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { startRestore } from './start-restore.ts';
import { undoRestore } from './undo-restore.ts';
import { whoseRestore } from './whose-restore.ts';

export function createRestoreJobs(weaviate: Weaviate): RestoreJobs {
  /** Of the restore that was begun, or cancelled, last. */
  const early = new Set<string>();
  return {
    plan: (request) => planRestore(weaviate, request),
    start: async (plan, since, notes) => {
      early.clear();
      return { ...(await startRestore(weaviate, plan, since, notes)) };
    },
    poll: (plan, state) => {
      const poll = () => pollRestore(weaviate, plan, state);
      return unlessLockedOut(weaviate, plan, stateFrom(state), poll);
    },
    pauseMs: (elapsedMs) => (elapsedMs < 2_000 ? 2_000 : elapsedMs < 60_000 ? 5_000 : 10_000),
    cancel: (plan, state) => cancel(weaviate, plan, stateFrom(state), early),
    prove: (plan, state, backup, onProgress) =>
      unlessLockedOut(
        weaviate,
        plan,
        stateFrom(state),
        () => prove(weaviate, plan, backup, onProgress),
        'restored',
      ),
    finish: (plan, state) => finish(weaviate, plan, stateFrom(state)),
    undo: (plan, state, keep) => undoRestore(weaviate, plan, state, keep, early),
  };
}

/**
 * The server cancels whatever bears the name of the backup: a restore that somebody else began, too, and one that has
 * ended, of which it would tell another end then.
 * @param early takes in the classes that cannot be its own
 */
async function cancel(
  weaviate: Weaviate,
  plan: PlannedJob,
  state: RestoreState | undefined,
  early: Set<string>,
): Promise<void> {
  const { api } = weaviate;
  const { whose } = await whoseRestore(weaviate, plan, state);
  // What was accepted and shows itself nowhere yet is the one that runs.
  if (whose === 'superseded' || (whose === 'not ours' && !state)) return;
  const status = await api.restoreStatus(plan.name).catch((error: unknown) => {
    // A server that cannot say how it stands may well stop.
    if (error instanceof HoldfastError && error.code === 'TARGET_ERROR') return undefined;
    throw error;
  });
  if (status && stateOf(status) !== 'running') return;
  if (isBeforeSchema(status)) {
    // Without this look, what is in the classes tells whose they are: no reason to let the restore run on.
    const there = await madeEarly(weaviate, plan.name, detailOf(plan).classes).catch(nothingOf);
    for (const name of there) early.add(name);
  }
  await api.cancelRestore(plan.name);
}

function nothingOf(error: unknown): string[] {
  if (error instanceof HoldfastError) return [];
  throw error;
}

async function finish(
  weaviate: Weaviate,
  plan: PlannedJob,
  state: RestoreState | undefined,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  const { database, storage, signal } = weaviate;
  const { classes, aliases, users, roles } = detailOf(plan);
  const live = new Map((await database.aliases()).map((one) => [one.alias, one.class]));
  const restored = aliases.filter((one) => live.get(one.alias) === one.class);
  const lost = aliases.filter((one) => !live.has(one.alias));
  const { whose } = await whoseRestore(weaviate, plan, state);
  // The next restore of this backup would read its end as its own.
  if (whose === 'ours') await storage.remove([restoreKey(plan.name)], { signal });
  return {
    restored: few([
      ...(users ? ['users (as the server says, not compared)'] : []),
      ...(roles ? ['roles (as the server says, not compared)'] : []),
      ...classes.map(({ name }) => `class ${name}`),
      ...restored.map(({ alias }) => `alias ${alias}`),
    ]),
    warnings: await Promise.all(lost.map((one) => notBack(weaviate, one))),
  };
}

async function notBack({ database }: Weaviate, { alias, class: target }: Alias): Promise<Warning> {
  const told = (message: string) => ({ code: 'ALIAS_NOT_RESTORED', message, subject: alias });
  try {
    await database.requireInSight({ alias });
    return told(`The alias ${alias} of class ${target} did not come back; make it anew.`);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'PERMISSION_MISSING') throw error;
    return told(
      `Whether the alias ${alias} of class ${target} came back cannot be seen. ${error.message}`,
    );
  }
}
