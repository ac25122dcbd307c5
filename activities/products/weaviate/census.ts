import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { DelegatedBackup } from '../delegated.ts';

/** The digest of single objects, by id: at most a few thousand in all. */
const sample = z.array(z.tuple([z.string(), z.string()]));

const place = z.object({ class: z.string(), tenant: z.string().optional() });

/** Of a class whose objects expire: when those of the sample do, in milliseconds; one that is not named never does. */
const expires = z.record(z.string(), z.number()).optional();

/** How digests were made; absent before this was noted, when links that a server makes of references were part of them. */
const digests = z.literal('without links').optional();

/** Only counted, since there are more places than are sampled. */
const unsampled = z.boolean().optional();

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
  /** When the look began, by the clock of the worker, in milliseconds. */
  at: z.number().optional(),
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
      unsampled,
      expires,
      /** Of a full proof: see tally.ts. */
      parts: z.array(z.string()).optional(),
      /** When each of the sample was last written, in milliseconds; and of each part the sum of that, and the latest. */
      stamps: z.record(z.string(), z.number()).optional(),
      stampsOfParts: z.array(z.number()).optional(),
      latestOfParts: z.array(z.number()).optional(),
      /** Of a full proof: objects that were made since the backup began. */
      made: z.number().optional(),
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
      /** Of a full proof: the others were made meanwhile, also anew, so the backup holds at least so many. */
      certain: z.number().optional(),
      /** Why the backup does not hold it: its files lay elsewhere, or it was not active and the server passed it over. */
      absent: z.enum(['offloaded', 'left out']).optional(),
      /** The backup holds it, and it was dropped before anybody could look at it again. */
      dropped: z.boolean().optional(),
      /** Objects that were the same before and after. */
      sample,
      unsampled,
      expires,
      /** `null` for a part that was another after than before. */
      parts: z.array(z.string().nullable()).optional(),
      /** What of these was written meanwhile all the same: by their ids, and by their numbers. Nobody saw what came between. */
      again: z.object({ sample: z.array(z.string()), parts: z.array(z.number()) }).optional(),
    }),
  ),
});
export type Census = z.output<typeof censusSchema>;
export type CensusPlace = Census['places'][number];

export const CENSUS_PATH = 'census.json';

/** @throws BACKUP_DAMAGED */
export async function readCensus(backup: DelegatedBackup): Promise<Census> {
  const bytes = await backup.file(CENSUS_PATH);
  try {
    return censusSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${CENSUS_PATH} of backup ${backup.manifest.id} is not what this version of Holdfast can read.`,
      { cause },
    );
  }
}
