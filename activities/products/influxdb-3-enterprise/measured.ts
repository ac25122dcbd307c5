import { z } from 'zod';
import type { Held } from '../delegated.ts';

const counts = z.object({
  census: z.literal('taken'),
  tables: z.number(),
  rows: z.number(),
  /** Tables whose rows are not among those. Older versions do not say. */
  uncounted: z.number().default(0),
});

/**
 * By the detail that an inventory gave. Files tell a loss late: those of tables that were dropped, and of rows that were
 * deleted, are not removed at once.
 */
export function held(detail: Record<string, unknown>): Held | undefined {
  const { data } = counts.safeParse(detail);
  return (
    data && {
      places: data.tables,
      objects: data.uncounted > 0 ? undefined : data.rows,
      words: { places: 'tables', objects: 'rows' },
    }
  );
}
