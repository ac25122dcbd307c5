import type { Resources } from './resources.ts';
import type { WholeServer } from './restore-detail.ts';
import { retentionRules } from './retention.ts';

/**
 * While a whole server is restored, its buckets keep data for ever, so that the server does not remove old shards as
 * expired before they are filled. The description of a bucket says so while it lasts: to people, and to whoever puts
 * things back, who must not touch the retention of a bucket that this run never changed.
 */
export async function suspendRetention(plan: WholeServer, resources: Resources): Promise<void> {
  for (const { bucket, name, description, shardGroupSeconds } of plan.retention) {
    await resources.changeBucket(
      bucket,
      {
        description: marked(description, plan.run),
        retentionRules: retentionRules({ everySeconds: 0, shardGroupSeconds }),
      },
      `suspending the retention of ${name}`,
    );
  }
}

/** May be repeated; buckets that are gone or not suspended by this run are left alone. */
export async function resumeRetention(plan: WholeServer, resources: Resources): Promise<void> {
  for (const { bucket, name, description, ...retention } of plan.retention) {
    const live = await resources.bucket(bucket);
    if (live?.description !== marked(description, plan.run)) continue;
    await resources.changeBucket(
      bucket,
      { description, retentionRules: retentionRules(retention) },
      `putting the retention of ${name} back`,
    );
  }
}

function marked(description: string, run: string): string {
  return `${description} [retention suspended by Holdfast restore ${run}]`.trimStart();
}
