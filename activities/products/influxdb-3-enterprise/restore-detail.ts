import { z } from 'zod';
import type { PlannedJob } from '../delegated.ts';

/** What a plan knows beside its summary. It lies in the store between the calls. */
const planDetail = z.object({
  format: z.literal(1),
  /** 3.10: it adds what is missing and shows after a restart. */
  additive: z.boolean(),
  version: z.string(),
  /** Versions on both sides of 3.11 answered where the engine was found. */
  halfUpgraded: z.boolean().optional(),
  plannedAt: z.string(),
  /** Restores that were there before: none of this run. */
  known: z.array(z.string()),
  /** Identities that may answer: the cluster's own, and the one that the backup brings. */
  uuids: z.array(z.string()),
});
export type PlanDetail = z.output<typeof planDetail>;

export function detailOf(plan: PlannedJob): PlanDetail {
  return planDetail.parse(plan.detail);
}

const restoreState = z.object({ restoreId: z.string(), createdAt: z.string() });
export type RestoreState = z.output<typeof restoreState>;

/** Undefined when it is not known whether a restore began. */
export function stateFrom(state: Record<string, unknown> | undefined): RestoreState | undefined {
  return restoreState.safeParse(state).data;
}
