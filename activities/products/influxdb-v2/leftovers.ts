import type { DatabaseLeftovers } from '../product.ts';
import type { Resources } from './resources.ts';

/** As `planBuckets` names a bucket until it is proven. */
const UNDER_WAY = /\.restoring-([0-9a-f]{8})$/;

/** Buckets that a restore was filling when it was terminated. Those kept on purpose bear other names. */
export function bucketLeftovers(resources: Resources): DatabaseLeftovers {
  return {
    find: async () => {
      const organisations = await resources.organisations();
      const names = new Map(organisations.map(({ id, name }) => [id, name]));
      return (await resources.buckets()).flatMap(({ id, orgID, name }) => {
        const run = UNDER_WAY.exec(name)?.[1];
        return run === undefined ? [] : [{ id, name: `${names.get(orgID) ?? orgID}/${name}`, run }];
      });
    },

    remove: async ({ id, run }) => {
      const there = await resources.bucket(id);
      if (there?.name.endsWith(`.restoring-${run}`)) await resources.removeBucket(id);
    },
  };
}
