import { z } from 'zod';
import type { PlannedJob } from '../delegated.ts';

const alias = z.object({ alias: z.string(), class: z.string() });

/** What the later steps of a restore need to know of its plan. */
const detailSchema = z.object({
  version: z.literal(1),
  classes: z.array(
    z.object({
      name: z.string(),
      /** By which a class that the restore created is told from one that somebody made meanwhile; absent with tenants. */
      shards: z.array(z.string()).optional(),
    }),
  ),
  /** Whether the backup holds just these classes. */
  whole: z.boolean(),
  /** Classes and aliases of the destination that go first. */
  drops: z.object({
    classes: z.array(z.string()),
    aliases: z.array(z.string()),
    /** Of those classes that have no tenants, by which each is told from one of its name that was made since. */
    shards: z.record(z.string(), z.array(z.string())).optional(),
  }),
  aliases: z.array(alias),
  overwriteAlias: z.boolean(),
  /** Of the destination, as they were before the restore drops or moves them; absent before this was kept. */
  taken: z.array(alias).optional(),
  users: z.boolean(),
  roles: z.boolean(),
  /** What they replace of the destination, for people; absent before this was told. */
  access: z.array(z.string()).optional(),
  /** When the last restore of this backup began, as the storage told: no later one has this time. */
  earlier: z.string().nullable(),
});
export type RestoreDetail = z.output<typeof detailSchema>;

export function detailOf(plan: PlannedJob): RestoreDetail {
  return detailSchema.parse(plan.detail);
}

/** Absent until the server has accepted the restore. */
const stateSchema = z.object({
  version: z.literal(1),
  acceptedAt: z.string(),
  /** By which the server's file tells it from every other restore; absent while the file did not show it yet. */
  startedAt: z.string().optional(),
  /** When the restore before it began, as the file told then. */
  earlier: z.string().nullish(),
});
export type RestoreState = z.output<typeof stateSchema>;

export function stateFrom(state: Record<string, unknown> | undefined): RestoreState | undefined {
  return stateSchema.safeParse(state).data;
}
