import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { StoredObject } from '../../stores/store.ts';
import type { Inventory } from '../delegated.ts';
import { BackupApi } from './backup-api.ts';
import { type CensusRecord, recordCensus } from './census-record.ts';
import { checkComplete } from './complete.ts';
import { backupPrefix } from './names.ts';
import { pause } from '../../pause.ts';
import { type BackupRecord, stateOf } from './records.ts';
import type { Session } from './session.ts';

/** What a listing may need to show the last object. */
const LOOKS = 4;

/** Everything that the server wrote, compared with what it says to have written. */
export async function takeInventory(
  session: Session,
  name: string,
  observed: Record<string, unknown>,
): Promise<Inventory> {
  const { client, storage, connection, patienceMs } = session;
  if (typeof observed.clusterUuid === 'string') client.pin.allow(observed.clusterUuid);
  const record = await recordOf(new BackupApi(client), name);
  const prefix = backupPrefix(connection.clusterId, name);
  const place = `${storage.place}, below ${prefix}`;
  const warnings: Warning[] = [];
  let objects: StoredObject[] = [];
  for (let look = 1; ; look += 1) {
    objects = [];
    for await (const object of storage.list(prefix, { signal: client.signal })) {
      objects.push(object);
    }
    const check = checkComplete(record, objects, place);
    if (check.complete) {
      warnings.push(...check.warnings);
      break;
    }
    if (look >= LOOKS) throw new HoldfastError('BACKUP_INCOMPLETE', check.problem);
    await pause(Math.min(1_000, patienceMs / LOOKS), client.signal);
  }
  const census: CensusRecord = await recordCensus(session, observed.census);
  return {
    objects: objects.map(({ key, bytes, etag }) => ({
      key,
      bytes,
      ...(etag === undefined ? {} : { etag }),
      role: 'file',
      subject: key.slice(prefix.length),
    })),
    files: census.files,
    bases: [],
    detail: {
      format: 1,
      clusterId: connection.clusterId,
      clusterUuid: client.pin.uuid,
      createdAt: record.created_at,
      ...(record.completed_at ? { completedAt: record.completed_at } : {}),
      ...census.detail,
    },
    warnings: [...warnings, ...census.warnings],
  };
}

async function recordOf(api: BackupApi, name: string): Promise<BackupRecord> {
  const record = await api.get(name);
  if (record && stateOf(record) === 'succeeded') return record;
  throw new HoldfastError(
    'BACKUP_INCOMPLETE',
    record
      ? `${api.client.server} calls backup ${name} ${record.status}, not completed.`
      : `${api.client.server} knows no backup ${name} any more.`,
  );
}
