import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { PortableMetadata } from '../../pipeline/influxdb-portable/metadata.ts';
import { missingShards } from '../../pipeline/influxdb-portable/missing-shards.ts';

/** A shard that the metadata of a backup name, and that was not being removed. */
export interface NamedShard {
  shard: number;
  /** `telemetry/raw`: of its database and retention policy; how the names of its files begin. */
  place: string;
  /** Milliseconds, as `end` and `expires`. */
  start: number;
  /** Absent in the plan of a version that did not keep it. */
  end?: number | undefined;
  /** When its retention may remove it; null: never. */
  expires: number | null;
}

const packedSchema = z.array(
  z.tuple([z.number(), z.string(), z.number(), z.number().nullable(), z.number().optional()]),
);

export function namedShards(metadata: PortableMetadata): NamedShard[] {
  return missingShards(metadata, () => false).map((one) => ({
    shard: one.shard,
    place: `${one.database}/${one.policy}`,
    start: milliseconds(one.start),
    end: milliseconds(one.end),
    expires: one.expires === undefined ? null : milliseconds(one.expires),
  }));
}

/** Packed, since a service may name a hundred thousand. */
export function packNamed(metadata: PortableMetadata): string {
  const rows: z.infer<typeof packedSchema> = namedShards(metadata).map(
    ({ shard, place, start, end, expires }) => [shard, place, start, expires, end],
  );
  return gzipSync(JSON.stringify(rows)).toString('base64');
}

/** @returns none for a plan of a version that did not keep them */
export function unpackNamed(packed: unknown): NamedShard[] {
  if (typeof packed !== 'string') return [];
  const text = gunzipSync(Buffer.from(packed, 'base64')).toString('utf8');
  return packedSchema
    .parse(JSON.parse(text))
    .map(([shard, place, start, expires, end]) => ({ shard, place, start, end, expires }));
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
