import { z } from 'zod';
import type { PlannedJob } from '../delegated.ts';
import type { RestoreRecord } from './records.ts';
import type { RestoreApi } from './restore-api.ts';
import { detailOf } from './restore-detail.ts';
import type { Session } from './session.ts';

/** What is looked at before a request: restores that are none of this run's. */
export const lookSchema = z.object({ known: z.array(z.string()) });

/** More are not looked through for one of our own. */
const KNOWN = 500;

/** Another worker may have asked, by a clock that is not quite ours. */
const CLOCKS_APART_MS = 10 * 60_000;

export function idsOf(list: readonly RestoreRecord[]): string[] {
  return list.slice(0, KNOWN).map(({ restore_id }) => restore_id);
}

/**
 * Restores that this run may have begun, though the answer was lost: of our backup, and not known before our first
 * request. The server says of none who began it, so with more than one nobody can tell which is ours. What was there
 * before our request is told by its id alone, where all ids were noted; else the time excludes what is long past, for to
 * believe our own restore absent while it rolls the cluster back would be worse than to look at one more.
 */
export function candidates(
  { client }: Session,
  plan: PlannedJob,
  list: readonly RestoreRecord[],
  since: Date,
): RestoreRecord[] {
  const { asked } = plan;
  // Every request of this run was refused: whatever runs is another's.
  if (asked === null) return [];
  const noted = asked ? lookSchema.parse(asked.look).known : [];
  const known = new Set([...detailOf(plan).known, ...noted]);
  const everyId = asked !== undefined && noted.length < KNOWN;
  const from = asked ? new Date(asked.at) : since;
  return list.filter(
    (record) =>
      record.backup_name === plan.name &&
      !known.has(record.restore_id) &&
      (everyId || client.clock.mayBeSince(record.created_at, from, CLOCKS_APART_MS)),
  );
}

export async function findRestores(
  session: Session,
  api: RestoreApi,
  plan: PlannedJob,
): Promise<RestoreRecord[]> {
  // The list comes first: it is what tells the server's clock.
  const list = await api.list();
  return candidates(session, plan, list, new Date(detailOf(plan).plannedAt));
}

/** For a sentence. */
export function severalOf(records: readonly RestoreRecord[]): string {
  const told = records.map((one) => `${one.restore_id} of ${one.created_at} (${one.status})`);
  return `${records.length} restores of this backup were begun since, and which is this run's the server does not tell: ${told.join(', ')}`;
}
