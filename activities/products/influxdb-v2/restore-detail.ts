import { z } from 'zod';
import type { PlannedRestore } from '../product.ts';

/** Retention as the server's API takes it, in seconds; 0 keeps for ever. */
const retention = z.object({ everySeconds: z.number(), shardGroupSeconds: z.number() });
export type Retention = z.infer<typeof retention>;

const mapping = z.object({
  id: z.string(),
  database: z.string(),
  retentionPolicy: z.string(),
  default: z.boolean(),
});

const plannedBucket = z.object({
  /** Its id in the backup. */
  from: z.string(),
  organisation: z.string(),
  /** What it is called in the end. */
  name: z.string(),
  /** What it is called until it is proven: the name tells whose it is. */
  temporary: z.string(),
  description: z.string(),
  retention,
  /** The bucket that has the name now, and the name under which it is kept. */
  replaces: z.object({ id: z.string(), keptAs: z.string(), mappings: z.array(mapping) }).optional(),
});
export type PlannedBucket = z.infer<typeof plannedBucket>;

const wholeServer = z.object({
  version: z.literal(1),
  mode: z.literal('server'),
  backup: z.string(),
  run: z.string(),
  /** Buckets that do not keep for ever: they do while they are restored. */
  retention: z.array(
    retention.extend({ bucket: z.string(), name: z.string(), description: z.string() }),
  ),
  names: z.array(z.string()),
});
export type WholeServer = z.infer<typeof wholeServer>;

const someBuckets = z.object({
  version: z.literal(1),
  mode: z.literal('buckets'),
  backup: z.string(),
  run: z.string(),
  buckets: z.array(plannedBucket),
});
export type SomeBuckets = z.infer<typeof someBuckets>;

const detailSchema = z.discriminatedUnion('mode', [wholeServer, someBuckets]);

export function detailOf(plan: PlannedRestore): WholeServer | SomeBuckets {
  return detailSchema.parse(plan.detail);
}

/** Of a whole server: what the backup holds and its metadata do not name. */
const leftOut = z.object({
  /** Numbers of shards, which others may have by now. */
  ids: z.array(z.number()),
  /** For people: those of buckets that came back. */
  shards: z.array(z.string()),
  buckets: z.array(z.string()),
});
export type LeftOut = z.infer<typeof leftOut>;

/** What the steps need: where each shard goes. */
export const stateSchema = z.object({
  version: z.literal(1),
  /** By the bucket's id in the backup. Absent when ids are kept. */
  buckets: z
    .record(z.string(), z.object({ id: z.string(), shards: z.record(z.string(), z.number()) }))
    .optional(),
  /** Of a whole server: buckets that came back without their data, as far as they are told. */
  empty: z.array(z.string()).optional(),
  leftOut: leftOut.optional(),
});
export type RestoreState = z.infer<typeof stateSchema>;

/** By which a person and a later attempt know an organisation that a run created. */
export function createdBy(run: string): string {
  return `Created by Holdfast restore ${run}`;
}
