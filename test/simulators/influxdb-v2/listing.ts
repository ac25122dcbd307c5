import type { Profile } from './profiles.ts';
import type { Bucket, ServerState } from './state.ts';
import { type ListedBucket, listBucket } from './stored-metadata.ts';
import { strikes, type Switches } from './switches.ts';

/** The bucket list of a backup: by id, cut where the version cuts it, with the groups that its switches add. */
export function listForBackup(
  state: ServerState,
  profile: Profile,
  switches: Switches,
): ListedBucket[] {
  const empty = strikes(switches, 'emptyGroups');
  if (strikes(switches, 'deletedGroups')) {
    state.metadata.buckets
      .filter(({ type }) => type === 'user')
      .forEach((one) => addDeleted(state, one));
  }
  return state.metadata.buckets
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, profile.listedBuckets)
    .map((bucket) => listBucket(state, bucket))
    .map((listed) => (empty ? withEmptyGroups(listed) : listed));
}

function withEmptyGroups(listed: ListedBucket): ListedBucket {
  return {
    ...listed,
    retentionPolicies: listed.retentionPolicies.map((policy) => ({
      ...policy,
      shardGroups: policy.shardGroups.flatMap((group) => [
        group,
        { ...group, id: group.id + 1_000_000, shards: [] },
      ]),
    })),
  };
}

/** A group that the retention has marked, while its shard still lies on the disk. */
function addDeleted(state: ServerState, bucket: Bucket): void {
  if (bucket.groups.some(({ deletedAt }) => deletedAt !== undefined)) return;
  const group = state.addGroup(bucket, 0, bucket.groupSeconds, {
    deletedAt: '1971-01-01T00:00:00Z',
  });
  state.openShards(bucket, group);
}
