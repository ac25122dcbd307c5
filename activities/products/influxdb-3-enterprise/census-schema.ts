import { z } from 'zod';

/** Rows that clients write after a restore are older than a row of the future: they must not be counted with it. */
const past = z.object({
  /** When it was counted, by the clock of the server. */
  upTo: z.string(),
  rows: z.number(),
  last: z.string().optional(),
  later: z.object({ rows: z.number(), first: z.string().optional() }),
});
export type Past = z.output<typeof past>;

const table = z.object({
  database: z.string(),
  table: z.string(),
  /** Null when it could not be counted. */
  rows: z.number().nullable(),
  /** Of the oldest and the newest row, as the server prints them; absent without rows. */
  first: z.string().optional(),
  last: z.string().optional(),
  /** Rows that are older go by themselves; null when none do. Absent when the server does not tell. */
  retentionNs: z.number().nullable().optional(),
  /** Cut-offs, the oldest first, with the rows above each, of `past` where it is told. Absent where no retention is known. */
  above: z.array(z.tuple([z.string(), z.number()])).optional(),
  /** Where the newest row is of the future: what is not, and what is. */
  past: past.optional(),
});
export type TableCount = z.output<typeof table>;

/** What queries saw of a cluster: rows, oldest and newest time of every table. */
export const censusSchema = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      /** Of tables that have none of their own. */
      retentionNs: z.number().optional(),
    }),
  ),
  tables: z.array(table),
  /** Tables beyond the number that is counted. */
  left: z.number(),
});
export type Census = z.output<typeof censusSchema>;
