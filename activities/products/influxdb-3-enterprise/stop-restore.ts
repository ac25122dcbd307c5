import type { Undone } from '../../../workflows/contract/activities.ts';
import type { PlannedJob } from '../delegated.ts';
import { isLost } from './answer.ts';
import { findRestore } from './find-restore.ts';
import { pause } from '../../pause.ts';
import { type RestoreRecord, stateOf } from './records.ts';
import { RestoreApi } from './restore-api.ts';
import { detailOf, type RestoreState } from './restore-detail.ts';
import type { Session } from './session.ts';

/** Has the server stop the restore. Without a state it is looked for. One that has ended, or never began, is no error. */
export async function cancelRestore(
  session: Session,
  plan: PlannedJob,
  state: RestoreState | undefined,
): Promise<void> {
  const api = new RestoreApi(session.client);
  const id = state?.restoreId ?? (await findRestore(session, api, plan))?.restore_id;
  if (id !== undefined) await deliver(session, api, id);
}

/**
 * What is left of a restore that did not come to its end, or not to a proven one. It cannot be undone, only told.
 * `keep`: it came to its end and was not proven, so that what differs is known.
 */
export async function undoRestore(
  session: Session,
  plan: PlannedJob,
  state: RestoreState | undefined,
  keep: boolean,
): Promise<Undone> {
  const api = new RestoreApi(session.client);
  const record = state ? await api.get(state.restoreId) : await findRestore(session, api, plan);
  const nothing: Undone = { removed: [], quarantined: [] };
  const id = record?.restore_id ?? state?.restoreId;
  if (id === undefined) return nothing;
  if (keep && record && stateOf(record) === 'succeeded') {
    const left = `cluster ${session.connection.clusterId} as restore ${id} left it`;
    return { ...nothing, quarantined: [left] };
  }
  return { ...nothing, unknown: checks(session, plan, id, record) };
}

const TRIES = 3;

/**
 * A 404 means that it has ended, or that another node answered: the record tells. A lost answer is asked for again,
 * which does no harm.
 */
async function deliver({ client, patienceMs }: Session, api: RestoreApi, id: string) {
  for (let tries = 1; ; tries += 1) {
    try {
      if ((await api.cancel(id)) === 'accepted') return;
    } catch (error) {
      if (!isLost(error) || tries >= TRIES) throw error;
    }
    const record = await api.get(id);
    if (!record || stateOf(record) !== 'running') return;
    if (tries >= TRIES) return;
    await pause(Math.min(300, patienceMs / TRIES), client.signal);
  }
}

function checks(
  { client, connection }: Session,
  plan: PlannedJob,
  id: string,
  record: RestoreRecord | undefined,
): string {
  const { additive } = detailOf(plan);
  const { backup, from } = plan.summary;
  const seen = record ? `it is ${record.status} now` : 'the server knows it no more';
  const state =
    record && stateOf(record) === 'succeeded'
      ? `Restore ${id} came to its end before it could be stopped: cluster ${connection.clusterId} is as backup ${backup} has it.`
      : `Restore ${id} of backup ${backup} did not come to its end (${seen}), and what it leaves of cluster ${connection.clusterId} is not known.`;
  const steps = [
    'keep writers and readers away until this is settled',
    `ask GET /api/v3/enterprise/restore/${id} at ${client.server} until it is no longer in_progress`,
    ...(additive ? ['restart every node'] : []),
    `compare SELECT count(*), min(time), max(time) of every table with data/census.json of backup ${backup}`,
    `if they differ, or in doubt, restore ${backup} of ${from} again, or the safety backup that was taken before: only a restore that is completed makes the state known`,
  ];
  return `${state} Checks: ${steps.map((step, at) => `(${at + 1}) ${step}`).join('; ')}.`;
}
