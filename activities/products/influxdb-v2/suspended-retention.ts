import type { Warning } from '../../../workflows/contract/progress.ts';
import { bounded } from './bounded-warnings.ts';
import { fullName, type Bucket } from './buckets.ts';
import type { Resources } from './resources.ts';
import type { WholeServer } from './restore-detail.ts';
import { retentionOf, retentionRules } from './retention.ts';

/**
 * While a whole server is restored, its buckets keep data for ever, so that the server does not remove old shards as
 * expired before they are filled. The description of a bucket says so while it lasts, and what its retention was: to
 * people, and to whoever puts things back, who must not touch the retention of a bucket that this run never changed.
 */
export async function suspendRetention(plan: WholeServer, resources: Resources): Promise<void> {
  for (const { bucket, name, description, everySeconds, shardGroupSeconds } of plan.retention) {
    const change = {
      description: marked(description, everySeconds, plan.run),
      retentionRules: retentionRules({ everySeconds: 0, shardGroupSeconds }),
    };
    try {
      await resources.changeBucket(bucket, change, `suspending the retention of ${name}`);
    } catch (error) {
      // A bucket that did not come back is told once all of them are known.
      if (await resources.bucket(bucket)) throw error;
    }
  }
}

/** May be repeated; buckets that are gone or not suspended by this run are left alone. */
export async function resumeRetention(plan: WholeServer, resources: Resources): Promise<void> {
  for (const { bucket, name, description, ...retention } of plan.retention) {
    const live = (await resources.bucket(bucket))?.description;
    // A worker of another version may have begun this restore.
    const early =
      `${description} [retention suspended by Holdfast restore ${plan.run}]`.trimStart();
    if (live !== marked(description, retention.everySeconds, plan.run) && live !== early) continue;
    await resources.changeBucket(
      bucket,
      { description, retentionRules: retentionRules(retention) },
      `putting the retention of ${name} back`,
    );
  }
}

function marked(description: string, everySeconds: number, run: string): string {
  const mark = `[retention of ${everySeconds} s suspended by Holdfast restore ${run}]`;
  return description === '' ? mark : `${description} ${mark}`;
}

interface Suspension {
  /** What the bucket was described as before. */
  description: string;
  everySeconds: number;
  run: string;
}

/** What the description of a bucket says of its retention, if a restore has suspended it. */
export function suspensionOf(description: string | undefined): Suspension | undefined {
  const found = /^(?:(.*) )?\[retention of (\d+) s suspended by Holdfast restore (\w+)\]$/s.exec(
    description ?? '',
  );
  if (!found) return undefined;
  const [, before = '', seconds, run = ''] = found;
  return { description: before, everySeconds: Number(seconds), run };
}

/** The bucket as it was before a restore that never ended suspended its retention. */
export function unsuspended(bucket: Bucket): Bucket {
  const suspension = suspensionIn(bucket);
  if (!suspension) return bucket;
  const duration = BigInt(suspension.everySeconds) * 1_000_000_000n;
  return {
    ...bucket,
    description: suspension.description,
    retentionPolicies: bucket.retentionPolicies.map((policy) => ({ ...policy, duration })),
  };
}

export function stillSuspended(buckets: Bucket[]): Warning[] {
  return bounded(
    'RETENTION_SUSPENDED',
    buckets.filter((bucket) => suspensionIn(bucket)).map(fullName),
    (name) =>
      `${name} keeps data for ever, since a restore that suspended its retention never ended: \`holdfast doctor --remove-leftovers\` puts it back. A restore of this backup does so too.`,
    (more) => `${more} further buckets keep data for ever for the same reason.`,
  );
}

/** Whoever gave it another retention since knew what he did. */
function suspensionIn(bucket: Bucket): Suspension | undefined {
  return retentionOf(bucket).everySeconds === 0 ? suspensionOf(bucket.description) : undefined;
}
