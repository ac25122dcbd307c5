import { PAGES_IN_FLIGHT } from '../../workflows/contract/pages.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';

/** @param share what the workflow gave the page; one that an older version began gives none */
export function streamsPerPage({ limits }: TargetSnapshot, share: number | undefined): number {
  return share ?? Math.max(1, Math.floor(limits.concurrency / PAGES_IN_FLIGHT));
}
