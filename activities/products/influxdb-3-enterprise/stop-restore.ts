import type { Undone } from '../../../workflows/contract/activities.ts';
import type { PlannedJob } from '../delegated.ts';
import { isLost } from './answer.ts';
import { findRestores, severalOf } from './find-restore.ts';
import { pause } from '../../pause.ts';
import { type RestoreRecord, stateOf } from './records.ts';
import { RestoreApi } from './restore-api.ts';
import { detailOf, type RestoreState } from './restore-detail.ts';
import type { Session } from './session.ts';

/**
 * Has the server stop the restore. Without a state it is looked for; of several that may be it, none is stopped. One that
 * has ended, or never began, is no error.
 */
export async function cancelRestore(
  session: Session,
  plan: PlannedJob,
  state: RestoreState | undefined,
): Promise<void> {
  const api = new RestoreApi(session.client);
  if (state) return deliver(session, api, state.restoreId);
  const [found, ...others] = await findRestores(session, api, plan);
  if (found && others.length === 0) await deliver(session, api, found.restore_id);
}

/**
 * What is left of a restore that did not come to its end, or not to a proven one. It cannot be undone, only told.
 * `keep`: it came to its end and was not proven; why not, the failure of the run says.
 */
export async function undoRestore(
  session: Session,
  plan: PlannedJob,
  state: RestoreState | undefined,
  keep: boolean,
): Promise<Undone> {
  const api = new RestoreApi(session.client);
  const found = state ? [await api.get(state.restoreId)] : await findRestores(session, api, plan);
  const several = found.filter((one) => one !== undefined);
  if (several.length > 1)
    return { removed: [], quarantined: [], unknown: unnamed(session, several) };
  const [record] = several;
  const nothing: Undone = { removed: [], quarantined: [] };
  const id = record?.restore_id ?? state?.restoreId;
  if (id === undefined) return nothing;
  if (keep && record && stateOf(record) === 'succeeded') {
    const left = `cluster ${session.connection.clusterId} as restore ${id} left it`;
    return { ...nothing, quarantined: [left] };
  }
  const sentence = checks(session, plan, id, record);
  return { ...nothing, unknown: state ? sentence : `${sentence} ${BY_TIME_ALONE}` };
}

const BY_TIME_ALONE =
  'It is known by its backup and its time alone, since the answer to the request was lost: the server does not tell who began it.';

function unnamed({ client, connection }: Session, several: RestoreRecord[]): string {
  return (
    `The answer to the request was lost. ${severalOf(several)}; none was told to stop, and what they leave of cluster ` +
    `${connection.clusterId} is not known. Checks: (1) ask who began the others; (2) ask GET /api/v3/enterprise/restore at ` +
    `${client.server} until none is in_progress; (3) restore the backup that is wanted: only a restore that is completed ` +
    'makes the state known.'
  );
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
