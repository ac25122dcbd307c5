import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { isOurs, JOBS, recordsBelow, type KeptRecord } from './job-record.ts';
import { JOB_PATIENCE_MS } from './patience.ts';
import { polled } from './polled.ts';
import { withJob } from './with-job.ts';

/**
 * Removes what a product wrote for a run that died before its commit. A job that still runs is left alone; one that has
 * written nothing for as long as a job may take is dead, whatever the product says: a server that was killed with its
 * coordinator says of it for ever that it runs.
 * @throws TARGET_BUSY while the product's job runs, and what its calls throw
 */
export async function removeLeftoverJobs(
  deps: Pick<Dependencies, 'stores'>,
  store: Store,
  snapshot: TargetSnapshot,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  for (const record of await recordsBelow(store, folder + JOBS, signal)) {
    await withJob(deps, { signal }, snapshot, record, async ({ backup }, storage) => {
      if (!(await isOurs(backup, record))) return;
      const { name } = record;
      const { state, words } = await polled(() => backup.poll(name));
      if (state === 'running') {
        const sign = await lastSign(storage, backup.prefix(name), record, signal);
        requireDead(snapshot, sign, `${words} of its backup ${name}`);
        // It may run after all: then it must not write where nobody looks any more.
        await backup.cancel(name);
      }
      await backup.remove(name);
    });
  }
}

/** When the job was last seen to live: it was accepted, or an object of it appeared. */
async function lastSign(
  storage: Store,
  prefix: string,
  { since, accepted = since }: KeptRecord,
  signal: AbortSignal,
): Promise<number> {
  let last = Date.parse(accepted);
  for await (const { modifiedAt } of storage.list(prefix, { signal })) {
    last = Math.max(last, modifiedAt?.getTime() ?? 0);
  }
  return last;
}

/**
 * @param seen when it was last seen to live
 * @param says what the product says
 * @throws TARGET_BUSY
 */
export function requireDead(
  { target, timeouts }: TargetSnapshot,
  seen: number,
  says: string,
): void {
  const until = seen + (timeouts.job ?? JOB_PATIENCE_MS);
  if (Date.now() >= until) return;
  throw new HoldfastError(
    'TARGET_BUSY',
    `${target} says ${says}, which a run that has ended began; nothing is removed before it ends, or has shown no ` +
      `sign of life until ${new Date(until).toISOString()}.`,
    {
      hint: 'Run `holdfast doctor --remove-leftovers` again after that; `timeouts.job` says how long it may take.',
    },
  );
}
