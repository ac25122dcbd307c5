import { cronTimes } from '../../activities/config/config.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { ScheduledTarget } from './difference.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 366 * DAY;

/** Local times that do not exist, because the clocks are set forward. In milliseconds, as if they were UTC. */
interface Gap {
  from: number;
  before: number;
}

/**
 * Schedules that will be left out when the clocks are set forward: Temporal does not make up for a time that does not
 * exist, while one that comes twice counts once. Those that run every hour do not notice.
 */
export function clockChangeWarnings(targets: ScheduledTarget[], now = new Date()): Warning[] {
  const gaps = new Map<string, Gap[]>();
  return targets.flatMap(({ name, schedule: { cron, timeZone } }) => {
    if (cronTimes(cron)[1]?.length === 24) return [];
    if (!gaps.has(timeZone)) gaps.set(timeZone, gapsOf(timeZone, now.getTime()));
    const missed = (gaps.get(timeZone) ?? []).filter((gap) => firesWithin(cron, gap));
    if (missed.length === 0) return [];
    const dates = missed.map(({ from }) => new Date(from).toISOString().slice(0, 10)).join(', ');
    return [
      {
        code: 'CLOCK_CHANGE',
        message: `The schedule of ${name} (${cron}, ${timeZone}) does not run on ${dates}: the clocks there are set forward over it. Choose another hour, or UTC.`,
        subject: name,
      },
    ];
  });
}

function gapsOf(timeZone: string, now: number): Gap[] {
  const offsetAt = offsetsOf(timeZone);
  const found: Gap[] = [];
  for (let day = now; day < now + YEAR; day += DAY) {
    const [before, after] = [offsetAt(day), offsetAt(day + DAY)];
    if (after <= before) continue;
    let [low, high] = [day, day + DAY];
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    // Clocks are set on the full minute.
    const at = Math.floor(high / MINUTE) * MINUTE;
    found.push({ from: at + before, before: at + after });
  }
  return found;
}

/** By how many milliseconds the local time of a zone is ahead of UTC. */
function offsetsOf(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const local = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
    );
    return local - Math.floor(instant / MINUTE) * MINUTE;
  };
}

function firesWithin(cron: string, { from, before }: Gap): boolean {
  const times = cronTimes(cron);
  for (let at = from; at < before; at += MINUTE) {
    const local = new Date(at);
    const fields = [
      local.getUTCMinutes(),
      local.getUTCHours(),
      local.getUTCDate(),
      local.getUTCMonth() + 1,
      local.getUTCDay(),
    ];
    if (fields.every((value, index) => times[index]?.includes(value))) return true;
  }
  return false;
}
