import { z } from 'zod';
import type { PlannedRestore } from '../product.ts';

const plannedDatabase = z.object({
  /** Its name in the backup. */
  from: z.string(),
  name: z.string(),
  defaultPolicy: z.string(),
  policies: z.array(
    z.object({
      from: z.string(),
      name: z.string(),
      /** Nanoseconds; 0 keeps for ever, as all do while they are restored. */
      duration: z.string(),
    }),
  ),
});
export type PlannedDatabase = z.infer<typeof plannedDatabase>;

const detailSchema = z.object({
  version: z.literal(1),
  run: z.string(),
  databases: z.array(plannedDatabase),
  /** Since when the server counted what clients write. */
  countingSince: z.string().optional(),
});
export type RestoreDetail = z.infer<typeof detailSchema>;

export function detailOf(plan: PlannedRestore): RestoreDetail {
  return detailSchema.parse(plan.detail);
}

/** What the steps need: where each shard goes. */
const stateSchema = z.object({
  version: z.literal(1),
  /** The id at the destination, by the id in the backup. */
  shards: z.record(z.string(), z.number()),
  /** Whose mark the databases bear; what an older version wrote does not say it. */
  run: z.string().optional(),
});
export type RestoreState = z.infer<typeof stateSchema>;

/** Thousands of steps share one state, which is as long as their list. */
const parsed = new WeakMap<Record<string, unknown>, RestoreState>();

export function stateOf(state: Record<string, unknown>): RestoreState {
  let known = parsed.get(state);
  if (known === undefined) parsed.set(state, (known = stateSchema.parse(state)));
  return known;
}

/**
 * A retention policy without data, in every database that the run creates, until it is proven: by it a later attempt,
 * the undoing and a person know whose the database is. Databases cannot be renamed, so their names cannot tell.
 */
export function marker(run: string): string {
  return `restoring-${run}`;
}

export function unproven(run: string): string {
  return `unproven-${run}`;
}
