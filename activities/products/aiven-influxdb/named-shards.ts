import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { PortableMetadata } from '../../pipeline/influxdb-portable/metadata.ts';
import { missingShards } from '../../pipeline/influxdb-portable/missing-shards.ts';

/** A shard that the metadata of a backup name, and that was not being removed. */
export interface NamedShard {
  shard: number;
  /** `telemetry/raw`: of its database and retention policy; how the names of its files begin. */
  place: string;
  /** Milliseconds, as `expires`. */
  start: number;
  /** When its retention may remove it; null: never. */
  expires: number | null;
}

const packedSchema = z.array(
  z.tuple([z.number(), z.string(), z.number(), z.union([z.number(), z.null()])]),
);

/** Packed, since a service may name a hundred thousand. */
export function packNamed(metadata: PortableMetadata): string {
  const rows: z.infer<typeof packedSchema> = missingShards(metadata, () => false).map(
    ({ database, policy, shard, start, expires }) => [
      shard,
      `${database}/${policy}`,
      milliseconds(start),
      expires === undefined ? null : milliseconds(expires),
    ],
  );
  return gzipSync(JSON.stringify(rows)).toString('base64');
}

/** @returns none for a plan of a version that did not keep them */
export function unpackNamed(packed: unknown): NamedShard[] {
  if (typeof packed !== 'string') return [];
  const text = gunzipSync(Buffer.from(packed, 'base64')).toString('utf8');
  return packedSchema
    .parse(JSON.parse(text))
    .map(([shard, place, start, expires]) => ({ shard, place, start, expires }));
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
