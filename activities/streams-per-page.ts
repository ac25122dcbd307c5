import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';

/** The workflow has two pages under way (workflows/pages.ts), which share the streams that the target allows. */
export const PAGES_IN_FLIGHT = 2;

export function streamsPerPage({ limits }: TargetSnapshot): number {
  return Math.max(1, Math.ceil(limits.concurrency / PAGES_IN_FLIGHT));
}
