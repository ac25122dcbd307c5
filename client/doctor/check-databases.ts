import { type Config, snapshotOf } from '../../activities/config/config.ts';
import type { Claim } from '../../activities/catalog/leftovers.ts';
import type { DatabaseLeftover } from '../../activities/products/product.ts';
import { runSuffix } from '../../workflows/contract/names.ts';
import { asHoldfastError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import type { Check } from './check.ts';
import { isClosed } from './is-closed.ts';

const PATIENCE_MS = 60_000;

/**
 * What restores that were terminated left in the databases. With `remove`, that of our own closed runs goes; what no run
 * of this namespace answers for stays.
 * @param claims of runs of this namespace, as the stores have them: they last longer than Temporal remembers
 */
export async function checkDatabases(
  call: Invocation,
  claims: Claim[],
  remove: boolean,
): Promise<Check[]> {
  const config = await call.config();
  const names = [...config.targets.keys()];
  return (
    await Promise.all(names.map((name) => checkDatabase(call, config, name, claims, remove)))
  ).flat();
}

async function checkDatabase(
  call: Invocation,
  config: Config,
  target: string,
  claims: Claim[],
  remove: boolean,
): Promise<Check[]> {
  const snapshot = snapshotOf(config, target);
  if (snapshot.kind === 'delegated') return [];
  const { withSession } = await import('../../activities/workspace.ts');
  const at = { signal: AbortSignal.timeout(PATIENCE_MS) };
  const about = { area: 'leftovers', subject: target } as const;
  try {
    return await withSession(at, snapshot, async ({ leftovers }) => {
      const checks: Check[] = [];
      for (const leftover of (await leftovers?.find()) ?? []) {
        const { state, workflowId, begun } = await ownerOf(await call.temporal(), leftover, claims);
        const said = `${leftover.name} in the database`;
        if (state === 'closed' && remove) {
          // One that cannot be removed keeps no other from it.
          const removed = leftovers?.remove(leftover, begun).then(
            (): Check => ({ ...about, level: 'ok', message: `removed ${said}` }),
            (error: unknown) => told(target, error),
          );
          if (removed) checks.push(await removed);
        } else checks.push({ ...about, ...SAYINGS[state](said, workflowId) });
      }
      return checks;
    });
  } catch (error) {
    return [told(target, error)];
  }
}

function told(target: string, error: unknown): Check {
  const { message, hint } = asHoldfastError(error);
  return { area: 'leftovers', subject: target, level: 'note', message, hint };
}

const SAYINGS: Record<
  Owner['state'],
  (what: string, workflowId: string) => Pick<Check, 'level' | 'message' | 'hint'>
> = {
  closed: (what, workflowId) => ({
    level: 'note',
    message: `${what} is left of ${workflowId}, which has ended`,
    hint: '`holdfast doctor --remove-leftovers` removes it.',
  }),
  running: (what, workflowId) => ({
    level: 'ok',
    message: `${what} belongs to ${workflowId}, which is running`,
  }),
  unknown: (what) => ({
    level: 'note',
    message: `${what} is of a restore that this Temporal does not know`,
    hint: 'Look at it, and remove it by hand when no restore is running.',
  }),
};

interface Owner {
  state: 'closed' | 'running' | 'unknown';
  workflowId: string;
  /** Undefined when Temporal has forgotten it. */
  begun: Date | undefined;
}

/** A running restore that might be meant comes first: nothing of it is ever removed. */
async function ownerOf(
  session: TemporalSession,
  { run }: DatabaseLeftover,
  claims: Claim[],
): Promise<Owner> {
  const known: Owner[] = [];
  for await (const { workflowId, runId, status, startTime } of session.client.workflow.list({
    query: 'WorkflowType = "restore"',
  })) {
    if (runSuffix(runId, run.length) !== run) continue;
    const state = status.name === 'RUNNING' ? 'running' : 'closed';
    known.push({ state, workflowId, begun: startTime });
  }
  for (const claim of claims.filter(({ runId }) => runSuffix(runId, run.length) === run)) {
    const state = (await isClosed(session, claim)) ? 'closed' : 'running';
    known.push({ state, workflowId: claim.workflowId, begun: undefined });
  }
  const running = known.find(({ state }) => state === 'running');
  return running ?? known[0] ?? { state: 'unknown', workflowId: '', begun: undefined };
}
