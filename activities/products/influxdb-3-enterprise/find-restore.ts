import type { PlannedJob } from '../delegated.ts';
import type { RestoreRecord } from './records.ts';
import type { RestoreApi } from './restore-api.ts';
import { detailOf } from './restore-detail.ts';
import type { Session } from './session.ts';

/**
 * The restore that this run began, though its answer was lost: of our backup, not known when the restore was planned,
 * and begun since.
 */
export function isOurs(
  { client }: Session,
  plan: PlannedJob,
  since: Date,
): (record: RestoreRecord) => boolean {
  const { known } = detailOf(plan);
  return (record) =>
    record.backup_name === plan.name &&
    !known.includes(record.restore_id) &&
    client.clock.isSince(record.created_at, since);
}

export async function findRestore(
  session: Session,
  api: RestoreApi,
  plan: PlannedJob,
): Promise<RestoreRecord | undefined> {
  const since = new Date(detailOf(plan).plannedAt);
  // The list comes first: it is what tells the server's clock.
  const list = await api.list();
  return list.find(isOurs(session, plan, since));
}
