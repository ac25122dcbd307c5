import { INTERNAL, type PortableMetadata } from './metadata.ts';

export interface MissingShard {
  database: string;
  policy: string;
  shard: number;
  /** From when on it takes points, in nanoseconds. */
  start: bigint;
  /** Until when, exclusive. */
  end: bigint;
  /** When its retention may remove it, in nanoseconds; undefined: never. */
  expires: bigint | undefined;
}

/** A server names the next shard of a policy half an hour before its time, and makes it with its first point. */
const AHEAD_MS = 3_600_000;

/**
 * Whether a shard may have been named in advance. One that begins still later was named when a point of the future came.
 * @param start in milliseconds, as `from` and `to`: between these its server has made the backup
 */
export function isNamedAhead(start: number, { from, to }: { from: number; to: number }): boolean {
  return start > from && start <= to + AHEAD_MS;
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
