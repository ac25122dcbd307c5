import type { DatabaseLeftover, DatabaseLeftovers } from '../product.ts';
import type { LiveBucket, Resources } from './resources.ts';
import { retentionRules } from './retention.ts';
import { suspensionOf } from './suspended-retention.ts';
import { runOfLabel } from './untouched-label.ts';

/** As `planBuckets` names a bucket until it is proven. */
const UNDER_WAY = /\.restoring-([0-9a-f]{8})$/;

/**
 * What a restore left when it was terminated: buckets that it was filling, retentions that it had suspended, and its
 * label. Buckets kept on purpose bear other names.
 */
export function serverLeftovers(resources: Resources): DatabaseLeftovers {
  return {
    find: async () => {
      const organisations = await resources.organisations();
      const names = new Map(organisations.map(({ id, name }) => [id, name]));
      const found = (await resources.buckets()).flatMap((bucket) =>
        ofBucket(bucket, `${names.get(bucket.orgID) ?? bucket.orgID}/${bucket.name}`),
      );
      for (const label of await resources.labels()) {
        const run = runOfLabel(label);
        if (run !== undefined) found.push({ id: label.id, name: `label ${label.name}`, run });
      }
      return found;
    },

    remove: async ({ id, run, name }) => {
      const label = (await resources.labels()).find((one) => one.id === id);
      if (label) {
        if (runOfLabel(label) === run) await resources.removeLabel(id);
        return;
      }
      const there = await resources.bucket(id);
      if (!there) return;
      const same = ofBucket(there, there.name).some((one) => one.run === run);
      if (!same) return;
      if (there.name.endsWith(`.restoring-${run}`)) await resources.removeBucket(id);
      else await resume(there, `putting back ${name}`, resources);
    },
  };
}

function ofBucket(bucket: LiveBucket, name: string): DatabaseLeftover[] {
  const { id } = bucket;
  const filling = UNDER_WAY.exec(bucket.name)?.[1];
  if (filling !== undefined) return [{ id, name, run: filling }];
  const suspension = suspensionOf(bucket.description);
  if (!suspension || !keepsForEver(bucket)) return [];
  const { everySeconds, run } = suspension;
  return [{ id, name: `the suspended retention (${everySeconds} s) of ${name}`, run }];
}

function keepsForEver({ retentionRules: [rule] }: LiveBucket): boolean {
  return Number(rule?.everySeconds ?? 0) === 0;
}

async function resume(bucket: LiveBucket, operation: string, resources: Resources): Promise<void> {
  const suspension = suspensionOf(bucket.description);
  if (!suspension) return;
  const { description, everySeconds } = suspension;
  const shardGroupSeconds = Number(bucket.retentionRules[0]?.shardGroupDurationSeconds ?? 0);
  await resources.changeBucket(
    bucket.id,
    { description, retentionRules: retentionRules({ everySeconds, shardGroupSeconds }) },
    operation,
  );
}
