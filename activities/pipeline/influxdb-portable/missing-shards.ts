import { INTERNAL, type PortableMetadata } from './metadata.ts';

export interface MissingShard {
  database: string;
  policy: string;
  shard: number;
  /** From when on it takes points, in nanoseconds. A server makes shards some time before. */
  start: bigint;
}

/**
 * Shards that the metadata name and the backup does not hold, though their group was not being removed. Those of the
 * server's own database are left out: no restore brings it back.
 */
export function missingShards(
  { databases }: PortableMetadata,
  holds: (shard: number) => boolean,
): MissingShard[] {
  return databases
    .filter(({ name }) => name !== INTERNAL)
    .flatMap(({ name: database, policies }) =>
      policies.flatMap(({ name: policy, groups }) =>
        groups
          .filter(({ deleted }) => !deleted)
          .flatMap(({ shards, start }) => shards.map((shard) => ({ shard, start })))
          .filter(({ shard }) => !holds(shard))
          .map(({ shard, start }) => ({ database, policy, shard, start })),
      ),
    );
}
