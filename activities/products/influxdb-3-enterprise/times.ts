/** Times are printed without a zone, with as many digits as there is need. */
export function millisOf(time: string): number {
  return Date.parse(/Z|[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`);
}

/** As queries take them. */
export function printedTime(millis: number): string {
  return new Date(millis).toISOString().replace(/Z$/, '');
}

/** The earlier and the later of two times, or twice the only one. */
export function inOrder(a: string | undefined, b: string | undefined) {
  const [one, other] = [a ?? b, b ?? a];
  if (one === undefined || other === undefined) return [undefined, undefined] as const;
  return sortable(one) < sortable(other) ? ([one, other] as const) : ([other, one] as const);
}

export function sortable(time: string): string {
  const [whole = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}

export function isAfter(time: string | undefined, other: string | undefined): boolean {
  return time !== undefined && other !== undefined && sortable(time) > sortable(other);
}

/** Clients keep points back while writes are refused, and write them with their own times afterwards. */
const BUFFERED_MS = 5 * 60_000;

/** Rows up to then were written before the restore began, as far as times can tell. */
export function wellBefore(restoredAt: string): string {
  return printedTime(millisOf(restoredAt) - BUFFERED_MS);
}
