import { HoldfastError } from '../../failure.ts';
import type { PlannedJob, RestoreJobs } from '../delegated.ts';
import { pauseMs } from './backup-jobs.ts';
import { listDatabases } from './census.ts';
import { findRestore } from './find-restore.ts';
import { few } from '../../few.ts';
import { planRestore } from './plan-restore.ts';
import { proveRestore } from './prove-restore.ts';
import { report } from './records.ts';
import { RestoreApi } from './restore-api.ts';
import { detailOf, stateFrom } from './restore-detail.ts';
import type { Session } from './session.ts';
import { startRestore } from './start-restore.ts';
import { cancelRestore, undoRestore } from './stop-restore.ts';

export function createRestoreJobs(session: Session): RestoreJobs {
  const { client, connection } = session;
  const api = new RestoreApi(client);
  const on = (plan: PlannedJob) => client.pin.allow(...detailOf(plan).uuids);
  return {
    plan: (request) => planRestore(session, request),
    async start(plan, since) {
      on(plan);
      return { ...(await startRestore(session, plan, since)) };
    },
    async poll(plan, state) {
      on(plan);
      const id = stateFrom(state)?.restoreId;
      const record = await withRestoredTokens(session, () =>
        id === undefined ? findRestore(session, api, plan) : api.get(id),
      );
      return record ? report(record) : { state: 'absent', words: 'no restore of this id' };
    },
    pauseMs,
    async cancel(plan, state) {
      on(plan);
      await cancelRestore(session, plan, stateFrom(state));
    },
    async prove(plan, state, backup, onProgress) {
      on(plan);
      let artifacts = 0;
      const onTable = () => onProgress({ artifacts: (artifacts += 1) });
      const begun = stateFrom(state)?.createdAt ?? detailOf(plan).plannedAt;
      return withRestoredTokens(session, () => proveRestore(session, plan, begun, backup, onTable));
    },
    async finish(plan) {
      on(plan);
      const here = await withRestoredTokens(session, () => listDatabases(client));
      const names = Array.isArray(here) ? here.map(({ name }) => name) : [];
      const whole = `cluster ${connection.clusterId}`;
      // What the plan warned of and is to be done by a person, now.
      const { additive } = detailOf(plan);
      const warnings = plan.summary.warnings.filter(
        ({ code }) => additive && code === 'RESTORE_NEEDS_RESTART',
      );
      return { restored: names.length > 0 ? few(names.sort()) : [whole], warnings };
    },
    async undo(plan, state, keep) {
      on(plan);
      return undoRestore(session, plan, stateFrom(state), keep);
    },
  };
}

/** The catalog that comes back holds the tokens of its time; that of this target may be younger. */
async function withRestoredTokens<T>({ target }: Session, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'AUTH_REJECTED') throw error;
    throw new HoldfastError(
      'TOKEN_AFTER_RESTORE',
      `The restore brought the tokens of the backup back, and the one of target ${target} is not among them: ${error.message}`,
      { cause: error },
    );
  }
}
