import type { BackupApi } from './backup-api.ts';
import { backupPrefix } from './names.ts';
import { pause } from '../../pause.ts';
import { stateOf } from './records.ts';
import type { Session } from './session.ts';
import { HoldfastError } from '../../failure.ts';
import { isLost } from './answer.ts';

const KEYS_AT_A_TIME = 1_000;

/**
 * Removes the record by the server's own call, then whatever lies below the backup's own prefix: whether a failed or
 * cancelled one leaves its objects is not published. A dead job that calls itself running can never be deleted; its
 * objects can.
 */
export async function removeBackup(session: Session, api: BackupApi, name: string): Promise<void> {
  const { client, storage, connection, patienceMs } = session;
  const prefix = backupPrefix(connection.clusterId, name);
  const deadline = Date.now() + patienceMs;
  while ((await deleted(api, name)) === 'conflict') {
    const record = await api.get(name);
    if (!record) break;
    if (stateOf(record) !== 'running') throw restedOn(api, name);
    if (Date.now() >= deadline) break;
    await pause(Math.min(500, patienceMs / 4), client.signal);
  }
  let keys: string[] = [];
  for await (const { key } of storage.list(prefix, { signal: client.signal })) {
    keys.push(key);
    if (keys.length < KEYS_AT_A_TIME) continue;
    await storage.remove(keys, { signal: client.signal });
    keys = [];
  }
  if (keys.length > 0) await storage.remove(keys, { signal: client.signal });
}

/** A lost answer is no matter: the record says whether it was done. */
async function deleted(api: BackupApi, name: string): Promise<'deleted' | 'absent' | 'conflict'> {
  try {
    return await api.delete(name);
  } catch (error) {
    if (!isLost(error)) throw error;
    if (!(await api.get(name))) return 'deleted';
    return api.delete(name);
  }
}

function restedOn(api: BackupApi, name: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_NEEDED',
    `${api.client.server} does not delete backup ${name}: incremental backups rest on it, which somebody else made.`,
    { hint: 'Delete those first, by the tool that made them; the backup stays as it was.' },
  );
}
