import { HoldfastError } from '../../failure.ts';
import { isLost } from './answer.ts';
import type { BackupApi } from './backup-api.ts';
import { checkName } from './names.ts';
import { stateOf, type BackupRecord } from './records.ts';

/** What stands in the way is removed, or turns out to be gone, within a few. */
const TRIES = 4;

/**
 * Begins a backup, or adopts the one that an earlier request began. The name is the only means to tell: after a lost
 * answer, and after a 409, which has one code for a name that exists and for a job in flight, the record decides.
 */
export async function startBackup(api: BackupApi, name: string, since: Date): Promise<void> {
  checkName(name);
  let force = false;
  let lost: unknown;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const outcome = await api.start(name, force).catch((error: unknown) => {
      if (!isLost(error)) throw error;
      lost = error;
      return 'lost' as const;
    });
    if (outcome === 'accepted') return;
    const record = await api.get(name);
    if (!record) {
      if (outcome === 'conflict') await demandIdle(api, name);
      continue;
    }
    const state = stateOf(record);
    if (isAnothers(api, record, since)) {
      throw new HoldfastError(
        'JOB_NAME_TAKEN',
        `${api.client.server} has a backup ${name} of ${record.created_at}, which is not of this run.`,
      );
    }
    if (state === 'running' || state === 'succeeded') return;
    // A failed one is nobody's good copy: only for this record is overwriting right.
    force = (await api.delete(name)) === 'conflict';
  }
  throw (
    lost ??
    new HoldfastError(
      'TARGET_BUSY',
      `${api.client.server}: starting backup ${name} failed: the server says that it is in the way of itself.`,
    )
  );
}

/**
 * A finished one that is older than this run: only its time tells. One that is older by seconds passes for ours, since
 * the name is drawn from this run alone; to refuse our own would cost the backup.
 */
export function isAnothers(api: BackupApi, record: BackupRecord, since: Date): boolean {
  return stateOf(record) === 'succeeded' && !api.client.clock.mayBeSince(record.created_at, since);
}

/** Whether two backups of different names may run at once is not published: then one stands in the way. */
async function demandIdle(api: BackupApi, name: string): Promise<void> {
  const other = (await api.list()).find((one) => one.name !== name && stateOf(one) === 'running');
  throw new HoldfastError(
    'TARGET_BUSY',
    other
      ? `${api.client.server}: starting backup ${name} failed: backup ${other.name} runs since ${other.created_at}.`
      : `${api.client.server}: starting backup ${name} failed: the server says that another job is in flight.`,
  );
}
