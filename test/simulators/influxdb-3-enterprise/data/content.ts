/** One written row. Only what is persisted gets into a backup. */
export interface Row {
  /** In the order of writing. */
  seq: number;
  /** Nanoseconds. */
  time: bigint;
  line: string;
  persisted: boolean;
}

/** Rows of a table that were deleted: those in a time range that had been written before. */
export interface Deletion {
  database: string;
  table: string;
  from: bigint;
  to: bigint;
  before: number;
}

export interface Database {
  retentionNs: bigint | null;
  /** Of tables that have one of their own, which outdoes that of the database. */
  ofTables?: Map<string, bigint>;
  /** By series and time: a later write of the same point replaces it. */
  tables: Map<string, Map<string, Row>>;
}

export type Content = Map<string, Database>;

export function tableOf(content: Content, database: string, table: string): Map<string, Row> {
  const found: Database = content.get(database) ?? { retentionNs: null, tables: new Map() };
  content.set(database, found);
  const rows = found.tables.get(table) ?? new Map<string, Row>();
  found.tables.set(table, rows);
  return rows;
}

/** What queries see of a table; undefined when there is none. */
export function visibleRows(
  content: Content,
  deletions: Deletion[],
  database: string,
  table: string,
  now: Date,
): Row[] | undefined {
  const found = content.get(database);
  const rows = found?.tables.get(table);
  if (!found || !rows) return undefined;
  const retentionNs = found.ofTables?.get(table) ?? found.retentionNs;
  const cutoff =
    retentionNs === null ? undefined : BigInt(now.getTime()) * 1_000_000n - retentionNs;
  const ofTable = deletions.filter((one) => one.database === database && one.table === table);
  return [...rows.values()]
    .filter(({ time }) => cutoff === undefined || time >= cutoff)
    .filter(
      ({ time, seq }) =>
        !ofTable.some(({ from, to, before }) => seq < before && time >= from && time <= to),
    )
    .sort((a, b) => (a.time < b.time ? -1 : 1));
}

/** A copy that later writes do not change; `which` leaves rows out. */
export function copyOf(content: Content, which: (row: Row) => boolean = () => true): Content {
  return new Map(
    [...content].map(([name, { tables, ofTables = new Map<string, bigint>(), ...database }]) => [
      name,
      {
        ...database,
        ofTables: new Map(ofTables),
        tables: new Map(
          [...tables].map(([table, rows]) => [
            table,
            new Map([...rows].filter(([, row]) => which(row))),
          ]),
        ),
      },
    ]),
  );
}
