const FIELDS = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

/** At most. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const WORDS: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * What is wrong with a cron expression, as the phrase after "expected", or undefined. Temporal would tell only when
 * the schedule is created, which may be long after the file was written.
 */
export function cronProblem(text: string): string | undefined {
  const fields = fieldsOf(text);
  if (fields.length !== FIELDS.length) {
    return 'expected five cron fields (minute, hour, day of month, month, day of week) or a word such as @daily';
  }
  for (const [index, field] of FIELDS.entries()) {
    const value = fields[index] ?? '';
    if (!value.split(',').every((part) => rangeOf(part, field))) {
      return `expected ${field.min} to ${field.max} as the ${field.name} (field ${index + 1}) of a cron expression`;
    }
  }
  const [, , days = [], months = []] = cronTimes(text);
  const longest = Math.max(...months.map((month) => DAYS_OF_MONTH[month - 1] ?? 0));
  return Math.min(...days) > longest
    ? 'expected a day (field 3) that one of its months (field 4) has: this one never comes'
    : undefined;
}

/**
 * The minutes, hours, days of month, months and days of week that a valid expression names, in order; Sunday is 0.
 * Two expressions that mean the same give the same.
 */
export function cronTimes(text: string): number[][] {
  const fields = fieldsOf(text);
  return FIELDS.map((field, index) =>
    ordered(
      (fields[index] ?? '').split(',').flatMap((part) => {
        const range = rangeOf(part, field);
        return range ? steps(range) : [];
      }),
    ).map((value) => (field.name === 'day of week' ? value % 7 : value)),
  ).map(ordered);
}

export interface Range {
  start: number;
  end: number;
  step: number;
}

export function steps({ start, end, step }: Range): number[] {
  const count = Math.floor((end - start) / Math.max(1, step)) + 1;
  return Array.from({ length: count }, (_, index) => start + index * Math.max(1, step));
}

export function ordered(numbers: number[]): number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}

function fieldsOf(text: string): string[] {
  const trimmed = text.trim();
  return (WORDS[trimmed] ?? trimmed).split(/\s+/);
}

type Field = (typeof FIELDS)[number];

function rangeOf(part: string, field: Field): Range | undefined {
  const [range = '', stepText, ...rest] = part.split('/');
  if (rest.length > 0 || (stepText !== undefined && !/^[1-9]\d*$/.test(stepText))) return undefined;
  const step = Number(stepText ?? 1);
  const last = field.name === 'day of week' ? 6 : field.max;
  if (range === '*' || (range === '?' && field.name.startsWith('day'))) {
    return { start: field.min, end: last, step };
  }
  const ends = range.split('-').map((end) => valueOf(end, field));
  const [start, end = stepText === undefined ? start : last] = ends;
  if (ends.length > 2 || start === undefined || end === undefined) return undefined;
  // Sunday may be written as 7, but only by itself.
  const most = ends.length === 1 && stepText === undefined ? field.max : last;
  return start >= field.min && end <= most && start <= end ? { start, end, step } : undefined;
}

function valueOf(text: string, field: Field): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const index = (field.names as readonly string[]).indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + field.min;
}
