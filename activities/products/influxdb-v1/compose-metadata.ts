import type { RetentionPolicy, ShardGroup } from '../../pipeline/influxdb-portable/metadata.ts';
import { encodeField } from '../../pipeline/influxdb-portable/protobuf.ts';

/** A database as it shall come into being. */
export interface NewDatabase {
  name: string;
  defaultPolicy: string;
  policies: RetentionPolicy[];
}

/**
 * Metadata that hold one database and nothing else, as the server takes them: small, since old servers may take in only
 * the beginning of long ones. Users, queries and subscriptions are not among them.
 */
export function composeMetadata({ name, defaultPolicy, policies }: NewDatabase): Buffer {
  const database = Buffer.concat([
    encodeField(1, name),
    encodeField(2, defaultPolicy),
    ...policies.map((policy) => encodeField(3, encodePolicy(policy))),
  ]);
  const groups = policies.flatMap((policy) => policy.groups);
  const highest = (ids: number[]) => ids.reduce((most, id) => Math.max(most, id), 0);
  return Buffer.concat([
    // Term, index and cluster: required by the format, and of no meaning to an import.
    encodeField(1, 0),
    encodeField(2, 1),
    encodeField(3, 1),
    encodeField(5, database),
    encodeField(7, 0),
    encodeField(8, highest(groups.map(({ id }) => id))),
    encodeField(9, highest(groups.flatMap(({ shards }) => shards))),
  ]);
}

function encodePolicy({
  name,
  duration,
  groupDuration,
  replicas,
  groups,
}: RetentionPolicy): Buffer {
  return Buffer.concat([
    encodeField(1, name),
    encodeField(2, duration),
    encodeField(3, groupDuration),
    encodeField(4, replicas),
    ...groups.map((group) => encodeField(5, encodeGroup(group))),
  ]);
}

function encodeGroup({ id, start, end, truncatedAt, shards }: ShardGroup): Buffer {
  return Buffer.concat([
    encodeField(1, id),
    encodeField(2, start),
    encodeField(3, end),
    encodeField(4, 0),
    ...shards.map((shard) => encodeField(5, encodeField(1, shard))),
    ...(truncatedAt === undefined ? [] : [encodeField(6, truncatedAt)]),
  ]);
}
