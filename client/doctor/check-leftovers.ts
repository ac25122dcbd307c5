import {
  findLeftovers,
  judge,
  removeLeftover,
  type Claim,
  type Leftover,
  type Verdict,
} from '../../activities/catalog/leftovers.ts';
import { snapshotOf } from '../../activities/config/config.ts';
import type { Store } from '../../activities/stores/store.ts';
import { asHoldfastError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { humanBytes, plural } from '../terminal/figures.ts';
import type { Check } from './check.ts';
import { checkDatabases } from './check-databases.ts';
import { isClosed } from './is-closed.ts';

/** What runs that died left in the stores and in the databases. With `remove`, that of our own closed runs goes. */
export async function checkLeftovers(call: Invocation, remove: boolean): Promise<Check[]> {
  const { targets } = await call.config();
  const checks: Check[] = [];
  const claims: Claim[] = [];
  for (const [target, { store: name }] of targets) {
    try {
      const store = await call.store(name);
      const leftovers = await findLeftovers(store, target);
      for (const leftover of leftovers) {
        if (leftover.claim) claims.push(leftover.claim);
        // Only now is Temporal needed.
        checks.push(await checkOne(call, store, target, leftover, remove));
      }
    } catch (error) {
      checks.push(told(target, error));
    }
  }
  // Without Temporal nobody answers for what lies there, so all of it stays; the other checks go on.
  const own = await ownOf(call, claims).catch(() => []);
  return [...checks, ...(await checkDatabases(call, own, remove))];
}

/** Those of this very Temporal and namespace. */
async function ownOf(call: Invocation, claims: Claim[]): Promise<Claim[]> {
  if (claims.length === 0) return [];
  const { connection, namespace } = await call.temporal();
  const { clusterId } = await connection.workflowService.getClusterInfo({});
  return claims.filter((claim) => claim.cluster === clusterId && claim.namespace === namespace);
}

async function checkOne(
  call: Invocation,
  store: Store,
  target: string,
  leftover: Leftover,
  remove: boolean,
): Promise<Check> {
  const session = await call.temporal();
  const { clusterId } = await session.connection.workflowService.getClusterInfo({});
  const verdict = await judge(leftover, {
    cluster: clusterId ?? '',
    namespace: session.namespace,
    isClosed: (claim) => isClosed(session, claim),
  });
  const about = { area: 'leftovers', subject: target } as const;
  const what = `${leftover.folder} (${plural(leftover.objects, 'object')}, ${humanBytes(leftover.bytes)})`;
  if (verdict === 'removable' && remove) {
    // One that cannot be removed now keeps no other from it.
    return removeOne(call, store, target, leftover).then(
      () => ({ ...about, level: 'ok', message: `removed ${what}` }),
      (error: unknown) => told(target, error),
    );
  }
  return { ...about, ...SAYINGS[verdict](what, leftover.claim) };
}

function told(target: string, error: unknown): Check {
  const { message, hint } = asHoldfastError(error);
  return { area: 'leftovers', subject: target, level: 'note', message, hint };
}

async function removeOne(
  call: Invocation,
  store: Store,
  target: string,
  leftover: Leftover,
): Promise<void> {
  const { signal } = new AbortController();
  const config = await call.config();
  const snapshot = snapshotOf(config, target);
  if (snapshot.kind === 'delegated') {
    const { removeLeftoverJobs } = await import('../../activities/jobs/leftover-jobs.ts');
    const { removeLeftoverStaging } =
      await import('../../activities/restore/delegated/leftover-staging.ts');
    const deps = { stores: call.resources };
    await removeLeftoverJobs(deps, store, snapshot, leftover.folder, signal);
    const { client } = await call.temporal();
    await removeLeftoverStaging(deps, client, store, config, leftover.folder, signal);
  }
  await removeLeftover(store, target, leftover, signal);
}

const SAYINGS: Record<
  Verdict,
  (what: string, claim?: Claim) => Pick<Check, 'level' | 'message' | 'hint'>
> = {
  condemned: (what, claim) => ({
    level: 'problem',
    message: `${what} is a backup no more: ${claim?.workflowId ?? 'somebody'} has begun to delete it, and has not ended that`,
    hint: 'Delete it again: that goes on, or says why it cannot. To keep it, remove deleting.json from its folder, then run `holdfast verify --deep` on it: it may lack what is gone already.',
  }),
  'condemned-elsewhere': (what, claim) => ({
    level: 'note',
    message: `${what} is a backup no more: ${claim?.workflowId} of another Temporal (namespace ${claim?.namespace}) has begun to delete it, and may be at work`,
    hint: 'Look from there. Only where that Temporal is lost for good, and no worker of it is at work any more, delete it again from here; or, to keep it, remove deleting.json from its folder, then run `holdfast verify --deep` on it: it may lack what is gone already.',
  }),
  removable: (what, claim) => ({
    level: 'note',
    message: `${what} is left of ${claim?.workflowId}, which has ended`,
    hint: '`holdfast doctor --remove-leftovers` removes it.',
  }),
  running: (what, claim) => ({
    level: 'ok',
    message: `${what} belongs to ${claim?.workflowId}, which is running`,
  }),
  imported: (what, claim) => ({
    level: 'note',
    message: `${what} is of ${claim?.workflowId}, which was broken off or is still at work`,
    hint: 'When no `holdfast import` is at work, import the directory again, which goes on there, or remove it by hand.',
  }),
  foreign: (what, claim) => ({
    level: 'note',
    message: `${what} belongs to ${claim?.workflowId} of another Temporal (namespace ${claim?.namespace})`,
    hint: 'Look from there; Holdfast does not remove what others own. Where that Temporal is lost for good, and no worker of it is at work any more, remove this folder from the store by hand.',
  }),
  unclaimed: (what) => ({
    level: 'note',
    message: `${what} has no manifest and nobody claims it`,
    hint: 'Look at it, and remove it by hand if you know what it is.',
  }),
};
