import type { BackupJobs } from '../delegated.ts';
import { BackupApi } from './backup-api.ts';
import { takeCensus } from './census.ts';
import { backupPrefix } from './names.ts';
import { report } from './records.ts';
import { removeBackup } from './remove-backup.ts';
import type { Session } from './session.ts';
import { isAnothers, startBackup } from './start-backup.ts';
import { takeInventory } from './take-inventory.ts';

export function createBackupJobs(session: Session): BackupJobs {
  const { client, connection, concurrency } = session;
  const api = new BackupApi(client);
  let bodyless = false;
  return {
    async observe() {
      await api.list();
      return {
        clusterUuid: client.pin.uuid,
        census:
          connection.census === 'rows'
            ? await takeCensus(client, { concurrency, above: 'new' })
            : { reason: '`connection.census` is `none`' },
      };
    },
    start: (name, since) => startBackup(api, name, since),
    async isOurs(name, since) {
      const record = await api.get(name);
      return !record || !isAnothers(api, record, since);
    },
    async poll(name) {
      const record = await api.get(name);
      if (!record) return { state: 'absent', words: 'no backup of this name' };
      const { state, words } = report(record);
      return { state, words: bodyless && state === 'running' ? `${words}, ${UNSTOPPABLE}` : words };
    },
    pauseMs,
    prefix: (name) => backupPrefix(connection.clusterId, name),
    inventory: (name, observed) => takeInventory(session, name, observed),
    async cancel(name) {
      // A cancel that cannot be delivered is no reason to leave the job: it is waited for, and then removed.
      bodyless = (await api.cancel(name)) === 'bodyless';
    },
    remove: (name) => removeBackup(session, api, name),
    async mayRemove(name) {
      await api.get(name);
    },
  };
}

const UNSTOPPABLE =
  'and cannot be told to stop: what lies between takes the body off the DELETE (give the address of the node itself)';

/** No rhythm is published. What takes long may wait longer: a twentieth of the time so far, at most half a minute. */
export function pauseMs(elapsedMs: number): number {
  return Math.min(30_000, Math.max(250, elapsedMs / 20));
}
