import type { CensusPlace } from './census.ts';
import type { WeaviateClient } from './client.ts';
import {
  conclude,
  judgeCount,
  judgeParts,
  type Evidence,
  type Finding,
  type Whole,
} from './evidence.ts';
import type { ObjectDigest } from './object-digest.ts';
import { objectPages } from './object-pages.ts';
import { readObject, type WeaviateObject } from './objects.ts';
import { countOf } from './observe.ts';
import { Tally } from './tally.ts';
import { mayHaveExpired } from './time-to-live.ts';

interface Comparison {
  digest: ObjectDigest;
  /** Whether the objects of the place expire. */
  expires: boolean;
  /** Whether an object was written after the backup was complete, so that it cannot have come from it. */
  isLater: (object: WeaviateObject) => boolean;
  onBytes: (bytes: number) => void;
}

/** Counts what came back, reads all of it where the backup was read so, and its sample, until something is lost. */
export async function comparePlace(
  client: WeaviateClient,
  place: CensusPlace,
  comparison: Comparison,
): Promise<Finding> {
  if (place.dropped) return { result: 'named', count: await countOf(client, place) };
  const { expires } = comparison;
  const whole = place.parts && (await readWhole(client, place, place.parts.length, comparison));
  const count = whole?.all.count ?? (await countOf(client, place));
  const evidence = [judgeCount(place, count, expires)];
  if (whole) evidence.push(judgeParts(place, whole, expires));
  const isLost = evidence.some(({ lost }) => lost !== undefined);
  if (!isLost) evidence.push(await compareSample(client, place, comparison));
  return conclude(place, count, evidence);
}

/** In as much memory as a page or two take. */
async function readWhole(
  client: WeaviateClient,
  place: CensusPlace,
  parts: number,
  { digest, isLater, onBytes }: Comparison,
): Promise<Whole> {
  const whole = { all: new Tally(parts), earlier: new Tally(parts) };
  for await (const { objects, bytes } of objectPages(client, place)) {
    for (const object of objects) {
      const digested = digest.of(object);
      whole.all.add(object.id, digested);
      if (!isLater(object)) whole.earlier.add(object.id, digested);
    }
    onBytes(bytes);
  }
  return whole;
}

async function compareSample(
  client: WeaviateClient,
  place: CensusPlace,
  { digest, expires, isLater }: Comparison,
): Promise<Evidence> {
  const { sample } = place;
  const again = new Set(place.again?.sample);
  const seen = { proven: 0, unsettled: 0, rewritten: 0 };
  let expired: string | undefined;
  for (const [id, expected] of sample) {
    const object = await readObject(client, place, id);
    const reason = `object ${id} is ${object ? 'not what it was' : 'missing'}`;
    if (object && digest.textOf(object) === expected) seen.proven += 1;
    else if (object && isLater(object)) seen.rewritten += 1;
    else if (!object && expires && mayHaveExpired(place, id)) expired ??= reason;
    else if (again.has(id)) seen.unsettled += 1;
    else return { lost: reason };
  }
  const { proven, unsettled, rewritten } = seen;
  const of = `of a sample of ${sample.length}`;
  return {
    proven,
    expired,
    unsettled: unsettled > 0 ? `${unsettled} ${of} are not what they were` : undefined,
    rewritten: rewritten > 0 ? `${rewritten} ${of}` : undefined,
  };
}
