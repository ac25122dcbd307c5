import { z } from 'zod';

/** The digest of single objects, by id: at most a few thousand in all. */
const sample = z.array(z.tuple([z.string(), z.string()]));

const place = z.object({ class: z.string(), tenant: z.string().optional() });

/** Of a class whose objects expire: when those of the sample do, in milliseconds; one that is not named never does. */
const expires = z.record(z.string(), z.number()).optional();

/** How digests were made; absent before this was noted, when links that a server makes of references were part of them. */
const digests = z.literal('without links').optional();
export type Digests = z.output<typeof digests>;

const shard = z.object({
  name: z.string(),
  node: z.string(),
  /** As the server told, which counts what lies on disk only; absent of a shard that was gone by then. */
  objects: z.number().optional(),
});

/** What the database held at one moment. Kept while the backup runs. */
export const observationSchema = z.object({
  version: z.literal(1),
  weaviate: z.string(),
  proof: z.enum(['sample', 'full']),
  digests,
  classes: z.array(z.object({ name: z.string(), multiTenant: z.boolean() })),
  aliases: z.array(z.object({ alias: z.string(), class: z.string() })),
  places: z.array(
    place.extend({
      /** Absent for a tenant whose objects could be read only by waking it up. */
      count: z.number().optional(),
      /** Its files lie elsewhere, and no backup holds them. */
      offloaded: z.boolean().optional(),
      sample,
      expires,
      /** Of a full proof: see tally.ts. */
      parts: z.array(z.string()).optional(),
      /** When each of the sample was last written, in milliseconds; and of each part the sum of that. */
      stamps: z.record(z.string(), z.number()).optional(),
      stampsOfParts: z.array(z.number()).optional(),
      /** Of a full proof: objects that were written since the backup began. */
      since: z.number().optional(),
    }),
  ),
});
export type Observation = z.output<typeof observationSchema>;
export type ObservedPlace = Observation['places'][number];

/** What a restore must bring back. Stored in the backup, as `census.json`. */
export const censusSchema = z.object({
  version: z.literal(1),
  weaviate: z.string(),
  proof: z.enum(['sample', 'full']),
  digests,
  nodes: z.array(z.string()),
  classes: z.array(
    z.object({
      name: z.string(),
      multiTenant: z.boolean(),
      /** Before compression, as the server told. */
      bytes: z.number(),
      aliases: z.array(z.string()),
      /** As the backup holds them, which a class that was made anew meanwhile has not. */
      shards: z.array(shard),
    }),
  ),
  places: z.array(
    place.extend({
      /** Objects before and after the backup; absent for a tenant that was not active. */
      least: z.number().optional(),
      most: z.number().optional(),
      /** It was written to meanwhile, so objects may have been gone in between: the backup holds at least so many. */
      certain: z.number().optional(),
      /** Why the backup does not hold it: its files lay elsewhere, or it was not active and the server passed it over. */
      absent: z.enum(['offloaded', 'left out']).optional(),
      /** The backup holds it, and it was dropped before anybody could look at it again. */
      dropped: z.boolean().optional(),
      /** Objects that were the same before and after. */
      sample,
      expires,
      /** `null` for a part that was written to meanwhile. */
      parts: z.array(z.string().nullable()).optional(),
    }),
  ),
});
export type Census = z.output<typeof censusSchema>;
export type CensusPlace = Census['places'][number];

export const CENSUS_PATH = 'census.json';
