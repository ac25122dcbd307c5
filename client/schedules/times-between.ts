import { parseDuration } from '../../activities/config/config.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import type { FoundSchedule } from './find-schedules.ts';

/** The server counts no further. */
export const MOST_TIMES = 1_000;

interface TimesBetween {
  /** MOST_TIMES stands for that many or more. */
  count: number;
  /** What a backfill is to be given as its end, for just these times to be run. */
  end: Date;
}

/**
 * The times of its own that a schedule has between two, both included. The server runs those that lie no later than
 * the end of a backfill after jitter has put them off; so its end is later than that of the range, as far as no time
 * after the range is reached, nor one that the schedule has yet to run itself.
 */
export async function timesBetween(
  session: Pick<TemporalSession, 'connection' | 'namespace'>,
  { id, facts }: FoundSchedule,
  from: Date,
  to: Date,
): Promise<TimesBetween> {
  const { connection, namespace } = session;
  const matching = async (startMs: number, endMs: number) => {
    const { startTime } = await connection.workflowService.listScheduleMatchingTimes({
      namespace,
      scheduleId: id,
      startTime: timestamp(startMs),
      endTime: timestamp(endMs),
    });
    return (startTime ?? []).map(({ seconds, nanos }) => millis(Number(seconds), nanos ?? 0));
  };
  const jitterMs = parseDuration(facts.jitter);
  const latest = Math.max(to.getTime(), Math.min(to.getTime() + jitterMs, Date.now()));
  const [after] = await matching(to.getTime(), latest);
  const end = after === undefined ? latest : after - 1;
  const count = (await matching(from.getTime() - 1, end)).length;
  return { count, end: new Date(end) };
}

function timestamp(ms: number) {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: seconds as never, nanos: (ms - seconds * 1_000) * 1_000_000 };
}

function millis(seconds: number, nanos: number): number {
  return seconds * 1_000 + Math.floor(nanos / 1_000_000);
}
