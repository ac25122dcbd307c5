import type { ScheduleDescription, ScheduleOverlapPolicy } from '@temporalio/client';
import {
  cronTimes,
  formatDuration,
  ordered,
  type Range,
  type ScheduleSettings,
  steps,
} from '../../activities/config/config.ts';

export const OVERLAP_POLICIES = {
  skip: 'SKIP',
  bufferOne: 'BUFFER_ONE',
  bufferAll: 'BUFFER_ALL',
  cancelOther: 'CANCEL_OTHER',
  terminateOther: 'TERMINATE_OTHER',
  allowAll: 'ALLOW_ALL',
} as const satisfies Record<ScheduleSettings['overlap'], ScheduleOverlapPolicy>;

export type OverlapName = keyof typeof OVERLAP_POLICIES;

/** A setting as both the configuration and Temporal can tell it, so that the two can be compared and shown. */
export type Facts = Record<
  'cron' | 'timeZone' | 'jitter' | 'overlap' | 'catchUp' | 'pauseOnFailure' | 'input' | 'limits',
  string
>;

/** What every run of a schedule is started with. */
export function inputOf(target: string): { target: string } {
  return { target };
}

export function factsOf(target: string, settings: ScheduleSettings): Facts {
  return {
    cron: settings.cron,
    timeZone: settings.timeZone,
    jitter: formatDuration(settings.jitter),
    overlap: settings.overlap,
    catchUp: formatDuration(settings.catchUp),
    pauseOnFailure: String(settings.pauseOnFailure),
    input: JSON.stringify(inputOf(target)),
    limits: UNLIMITED,
  };
}

/** Temporal keeps calendars instead of the cron expression; the expression itself is kept in the action's memo. */
export function factsIn({ spec, policies, action, state }: ScheduleDescription): Facts {
  const remembered = action.memo?.['cron'];
  const overlap = Object.entries(OVERLAP_POLICIES).find(
    ([, policy]) => policy === policies.overlap,
  );
  return {
    cron:
      typeof remembered === 'string' && sameTimes(remembered, spec)
        ? remembered
        : 'edited outside the configuration',
    timeZone: spec.timezone || 'UTC',
    jitter: formatDuration(spec.jitter ?? 0),
    overlap: overlap?.[0] ?? String(policies.overlap),
    catchUp: formatDuration(policies.catchupWindow),
    pauseOnFailure: String(policies.pauseOnFailure),
    input: (action.args ?? []).map((argument) => JSON.stringify(argument)).join(', '),
    limits: limitsOf(spec, state),
  };
}

const UNLIMITED = 'none';

/** Beyond these no run is started, though everything else be as it was configured. */
function limitsOf(
  { startAt, endAt }: ScheduleDescription['spec'],
  { remainingActions }: ScheduleDescription['state'],
): string {
  const limits = [
    startAt && `from ${startAt.toISOString()}`,
    endAt && `until ${endAt.toISOString()}`,
    remainingActions !== undefined && `${remainingActions} more`,
  ];
  return limits.filter(Boolean).join(', ') || UNLIMITED;
}

function sameTimes(cron: string, spec: ScheduleDescription['spec']): boolean {
  const [calendar, ...others] = spec.calendars ?? [];
  if (!calendar || others.length > 0 || (spec.intervals ?? []).length > 0) return false;
  if ((spec.skip ?? []).length > 0 || (calendar.year ?? []).length > 0) return false;
  const there = [
    times(calendar.minute),
    times(calendar.hour),
    times(calendar.dayOfMonth),
    times(calendar.month, MONTHS, 1),
    times(calendar.dayOfWeek, DAYS, 0),
  ];
  return JSON.stringify(there) === JSON.stringify(cronTimes(cron));
}

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

type CalendarRange = { start: number | string; end: number | string; step: number };

function times(ranges: readonly CalendarRange[] = [], names: string[] = [], first = 0): number[] {
  const value = (end: number | string) =>
    typeof end === 'number' ? end : names.indexOf(end) + first;
  return ordered(
    ranges.flatMap(({ start, end, step }) => {
      const range: Range = { start: value(start), end: value(end), step };
      return steps(range);
    }),
  );
}
