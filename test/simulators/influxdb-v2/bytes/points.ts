/** The value types of TSM, by the number that stands in a block and in the index. */
export const TYPE = { float: 0, integer: 1, boolean: 2, string: 3, unsigned: 4 } as const;
export type TypeNumber = (typeof TYPE)[keyof typeof TYPE];

export type Value = number | bigint | boolean | string;

/** The points of one series and field, by time in nanoseconds. */
export interface Column {
  type: TypeNumber;
  points: Map<bigint, Value>;
}

/** By key: the series, `#!~#`, the field. */
export type Columns = Map<string, Column>;

export const FIELD_SEPARATOR = '#!~#';

/** Later points replace earlier ones of the same time. */
export function mergeInto(target: Columns, source: Columns): void {
  for (const [key, column] of source) {
    const known = target.get(key);
    if (!known) target.set(key, { type: column.type, points: new Map(column.points) });
    else for (const [time, value] of column.points) known.points.set(time, value);
  }
}

export function removeRange(columns: Columns, key: string, min: bigint, max: bigint): void {
  const column = columns.get(key);
  if (!column) return;
  for (const time of column.points.keys()) {
    if (time >= min && time <= max) column.points.delete(time);
  }
  if (column.points.size === 0) columns.delete(key);
}
