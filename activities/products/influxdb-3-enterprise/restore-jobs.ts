import { HoldfastError } from '../../failure.ts';
import type { JobReport, PlannedJob, RestoreJobs } from '../delegated.ts';
import { pauseMs } from './backup-jobs.ts';
import { findRestores, severalOf } from './find-restore.ts';
import { few } from '../../few.ts';
import { planRestore } from './plan-restore.ts';
import { proveRestore } from './prove-restore.ts';
import { report, type RestoreRecord, stateOf } from './records.ts';
import { RestoreApi } from './restore-api.ts';
import { detailOf, stateFrom } from './restore-detail.ts';
import type { Session } from './session.ts';
import { startRestore } from './start-restore.ts';
import { cancelRestore, undoRestore } from './stop-restore.ts';
import { listDatabases } from './tables.ts';

export function createRestoreJobs(session: Session): RestoreJobs {
  const { client, connection } = session;
  const api = new RestoreApi(client);
  const on = (plan: PlannedJob) => client.pin.allow(...detailOf(plan).uuids);
  return {
    plan: (request) => planRestore(session, request),
    async start(plan, since, notes) {
      on(plan);
      return { ...(await startRestore(session, plan, since, notes)) };
    },
    async poll(plan, state) {
      on(plan);
      const id = stateFrom(state)?.restoreId;
      return withRestoredTokens(session, async () =>
        reportAll(id === undefined ? await findRestores(session, api, plan) : [await api.get(id)]),
      );
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

/** With several of which none is known to be ours, the state of that which still runs counts. */
function reportAll(found: (RestoreRecord | undefined)[]): JobReport {
  const records = found.filter((one) => one !== undefined);
  const [record] = records;
  if (!record) return { state: 'absent', words: 'no restore of this run' };
  if (records.length === 1) return report(record);
  const running = records.some((one) => stateOf(one) === 'running');
  return {
    state: running ? 'running' : 'failed',
    words: `${severalOf(records)}; none was told to stop`,
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
