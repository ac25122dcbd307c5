import { INTERNAL, type PortableMetadata } from './metadata.ts';

export interface MissingShard {
  database: string;
  policy: string;
  shard: number;
  /** From when on it takes points, in nanoseconds. A server makes shards some time before. */
  start: bigint;
  /** Until when, exclusive. */
  end: bigint;
  /** When its retention may remove it, in nanoseconds; undefined: never. */
  expires: bigint | undefined;
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
      policies.flatMap(({ name: policy, duration, groups }) =>
        groups
          .filter(({ deleted }) => !deleted)
          .flatMap(({ shards, start, end }) =>
            shards
              .filter((shard) => !holds(shard))
              .map((shard) => ({
                database,
                policy,
                shard,
                start,
                end,
                expires: duration === 0n ? undefined : end + duration,
              })),
          ),
      ),
    );
}
