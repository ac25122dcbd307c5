import { HoldfastError } from '../../failure.ts';
import type { PlannedJob, RequestNotes } from '../delegated.ts';
import { isLost, isRefused } from './answer.ts';
import { BackupApi } from './backup-api.ts';
import { candidates, idsOf, severalOf } from './find-restore.ts';
import { backupPrefix } from './names.ts';
import { pause } from '../../pause.ts';
import { type RestoreRecord, stateOf } from './records.ts';
import { RestoreApi } from './restore-api.ts';
import type { RestoreState } from './restore-detail.ts';
import type { Session } from './session.ts';

const TRIES = 3;
/** How often one looks for what may appear in a moment. */
const LOOKS = 3;

/**
 * Begins a restore, or finds the one that this run began: the server knows no name for it, only of which backup it is
 * and when it began.
 * @throws RESTORE_STATE_UNKNOWN when it may be one of several
 */
export async function startRestore(
  session: Session,
  plan: PlannedJob,
  since: Date,
  notes?: RequestNotes,
): Promise<RestoreState> {
  const { client } = session;
  const api = new RestoreApi(client);
  const earlier = only(session, plan, candidates(session, plan, await api.list(), since));
  if (earlier) return stateWith(earlier);
  await demandBackup(session, plan.name);
  const known = idsOf(await api.list());
  const mine = { ...plan, asked: { at: since.toISOString(), look: { known } } };
  let lost: unknown;
  let sent = 0;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const sentBefore = sent;
    // A refusal tells nothing of what was sent before.
    const isCertain = () => sentBefore === 0 && sent < 2;
    await notes?.asking({ known });
    const outcome = await api
      .start(plan.name, () => void (sent += 1))
      .catch(async (error: unknown) => {
        if (isRefused(error) && isCertain()) await notes?.refused();
        if (!isLost(error)) throw error;
        lost = error;
        return 'lost' as const;
      });
    if (typeof outcome === 'object' && outcome.id !== undefined) {
      return { restoreId: outcome.id, createdAt: client.clock.now().toISOString() };
    }
    if (outcome === 'conflict' && isCertain()) {
      await notes?.refused();
      throw busy(session, plan.name, await api.list());
    }
    for (let look = 1; look <= LOOKS; look += 1) {
      const list = await api.list();
      const found = only(session, plan, candidates(session, mine, list, since));
      if (found) return stateWith(found);
      if (outcome === 'conflict') throw busy(session, plan.name, list);
      await pause(Math.min(300, session.patienceMs / LOOKS), client.signal);
    }
  }
  throw lost ?? busy(session, plan.name, await api.list());
}

function only(
  { client }: Session,
  plan: PlannedJob,
  found: RestoreRecord[],
): RestoreRecord | undefined {
  if (found.length < 2) return found[0];
  throw new HoldfastError(
    'RESTORE_STATE_UNKNOWN',
    `${client.server}: the answer to the request to restore backup ${plan.name} was lost. ${severalOf(found)}.`,
  );
}

/** @throws TARGET_REFUSED, TARGET_BUSY */
async function demandBackup(session: Session, name: string): Promise<void> {
  const { client } = session;
  const api = new BackupApi(client);
  let record = await api.get(name);
  for (let look = 1; !record && look < LOOKS; look += 1) {
    await pause(Math.min(500, session.patienceMs / LOOKS), client.signal);
    record = await api.get(name);
  }
  if (!record) throw await unknownBackup(session, name);
  const state = stateOf(record);
  if (state === 'succeeded') return;
  throw new HoldfastError(
    state === 'running' ? 'TARGET_BUSY' : 'TARGET_REFUSED',
    `${client.server} calls backup ${name} ${record.status}, and restores completed ones only.`,
  );
}

/**
 * Whether a server looks for backups in its object store while it runs is not published. What was put back is removed
 * when the run fails, so the run waits for the restart.
 */
async function unknownBackup(session: Session, name: string): Promise<HoldfastError> {
  const { client, storage, connection } = session;
  const prefix = backupPrefix(connection.clusterId, name);
  const objects = storage.list(prefix, { signal: client.signal })[Symbol.asyncIterator]();
  if ((await objects.next()).done) {
    return new HoldfastError(
      'TARGET_REFUSED',
      `${client.server} knows no backup ${name}, and ${storage.place} has nothing below ${prefix}.`,
    );
  }
  return new HoldfastError(
    'TARGET_BUSY',
    `${client.server} knows no backup ${name}, although its objects lie in ${storage.place} below ${prefix}: restart the node that compacts, and the run goes on by itself.`,
    { hint: 'A server may look for backups in its object store only when it starts.' },
  );
}

function busy({ client }: Session, name: string, list: RestoreRecord[]): HoldfastError {
  const other = list.find((one) => stateOf(one) === 'running');
  const who = other
    ? `restore ${other.restore_id} of backup ${other.backup_name} runs since ${other.created_at}`
    : 'the server says that another one is running';
  return new HoldfastError(
    'TARGET_BUSY',
    `${client.server}: starting the restore of backup ${name} failed: a cluster makes one restore at a time, and ${who}.`,
  );
}

function stateWith({ restore_id, created_at }: RestoreRecord): RestoreState {
  return { restoreId: restore_id, createdAt: created_at };
}
