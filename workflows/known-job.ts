import type { Job } from './contract/activities.ts';
import type { TargetSnapshot } from './contract/snapshot.ts';

/** What is known of a run once its first activity has answered. */
export type KnownJob = Job & {
  backup?: string;
  run?: { runId: string };
  destination?: TargetSnapshot;
  request?: { dryRun?: boolean };
};
