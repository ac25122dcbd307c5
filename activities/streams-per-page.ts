import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';

/** The workflow has two pages under way (workflows/pages.ts), which share the streams that the target allows. */
export const PAGES_IN_FLIGHT = 2;

/** @param share what the workflow gave the page; one that an older version began gives none */
export function streamsPerPage({ limits }: TargetSnapshot, share: number | undefined): number {
  return share ?? Math.max(1, Math.floor(limits.concurrency / PAGES_IN_FLIGHT));
}
