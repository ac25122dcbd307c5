import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { parseBuckets, type Bucket, type BucketFilter } from './buckets.ts';

/** What `capture` leaves for `conclude`; it passes through the store as JSON. */
export const capturedSchema = z.object({
  version: z.literal(1),
  base: z.string(),
  /** gzip and base64 of the list of buckets, to the last digit of the server's numbers. */
  buckets: z.string(),
  sql: z.boolean(),
  /** When the server was asked for its list of shards. */
  askedAt: z.iso.datetime().optional(),
  /** Whether the metadata holds tokens in plain text. */
  plaintextTokens: z.union([z.boolean(), z.literal('unknown')]),
  select: z
    .object({
      organisations: z.array(z.string()).optional(),
      buckets: z.array(z.string()).optional(),
    })
    .optional(),
});
export type Captured = z.infer<typeof capturedSchema>;

export function packBuckets(text: string): string {
  return gzipSync(text).toString('base64');
}

export function unpackBuckets(captured: Captured): Bucket[] {
  const text = gunzipSync(Buffer.from(captured.buckets, 'base64')).toString('utf8');
  return parseBuckets(text, 'The captured metadata');
}

/** The same filter without the keys that are not there. */
export function plainFilter(filter: BucketFilter | undefined): Captured['select'] {
  const { organisations, buckets } = filter ?? {};
  if (organisations === undefined && buckets === undefined) return undefined;
  return { ...(organisations && { organisations }), ...(buckets && { buckets }) };
}
