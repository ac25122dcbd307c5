import { parseDuration } from '../../activities/config/config.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import type { FoundSchedule } from './find-schedules.ts';

/** The server counts no further. */
export const MOST_TIMES = 1_000;

/**
 * How many times of its own a schedule has between two, both included: as the server sees it that runs them. MOST_TIMES
 * stands for that many or more.
 */
export async function timesBetween(
  session: Pick<TemporalSession, 'connection' | 'namespace'>,
  { id, facts }: FoundSchedule,
  from: Date,
  to: Date,
): Promise<number> {
  const { connection, namespace } = session;
  const jitterMs = parseDuration(facts.jitter);
  // Each time is told as late as jitter makes it, so those after the range are taken from what lies in both.
  const end = new Date(to.getTime() + jitterMs);
  const countFrom = async (start: number) => {
    const { startTime } = await connection.workflowService.listScheduleMatchingTimes({
      namespace,
      scheduleId: id,
      startTime: timestamp(start),
      endTime: timestamp(end.getTime()),
    });
    return startTime?.length ?? 0;
  };
  const all = await countFrom(from.getTime() - 1);
  if (all >= MOST_TIMES || jitterMs === 0) return all;
  return all - (await countFrom(to.getTime()));
}

function timestamp(ms: number) {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: seconds as never, nanos: (ms - seconds * 1_000) * 1_000_000 };
}
