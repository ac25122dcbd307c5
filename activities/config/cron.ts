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

const WORDS = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually|every \d+(s|m|h|d))$/;

/**
 * What is wrong with a cron expression, as the phrase after "expected", or undefined. Temporal would tell only when
 * the schedule is created, which may be long after the file was written.
 */
export function cronProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (WORDS.test(trimmed)) return undefined;
  const fields = trimmed.split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return 'expected five cron fields (minute, hour, day of month, month, day of week) or a word such as @daily';
  }
  for (const [index, field] of FIELDS.entries()) {
    const value = fields[index] ?? '';
    if (!value.split(',').every((part) => isPart(part, field))) {
      return `expected ${field.min} to ${field.max} as the ${field.name} (field ${index + 1}) of a cron expression`;
    }
  }
  return undefined;
}

function isPart(part: string, field: (typeof FIELDS)[number]): boolean {
  const [range = '', step, ...rest] = part.split('/');
  if (rest.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) return false;
  if (range === '*' || (range === '?' && field.name.startsWith('day'))) return true;
  const ends = range.split('-').map((end) => valueOf(end, field));
  const [low, high = low] = ends;
  return (
    ends.length <= 2 &&
    low !== undefined &&
    high !== undefined &&
    low >= field.min &&
    high <= field.max &&
    low <= high
  );
}

function valueOf(text: string, field: (typeof FIELDS)[number]): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const index = (field.names as readonly string[]).indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + field.min;
}
