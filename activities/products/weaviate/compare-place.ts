import type { CensusPlace, Digests } from './census.ts';
import type { WeaviateClient } from './client.ts';
import { ObjectDigest } from './object-digest.ts';
import { objectPages } from './object-pages.ts';
import { isWrittenSince, readObject, type WeaviateObject } from './objects.ts';
import { countOf, digestText } from './observe.ts';
import { countOf as countOfPart, Tally } from './tally.ts';
import { mayHaveExpired } from './time-to-live.ts';

/** What was found of one class or tenant. */
export interface Finding {
  /** `named`: it is there, and nothing of it could be compared, or too little. */
  result: 'identical' | 'equivalent' | 'named' | 'different';
  reason?: string;
  /** More objects than the backup was taken from. */
  grew?: boolean;
  /** Of what was dropped while the backup was taken. */
  count?: number;
  /** What is missing of what may have expired. */
  expired?: string;
  /** What nobody can tell of a place that was written to while the backup was taken. */
  unsettled?: string;
  /** What cannot be compared any more, since it was written after the backup was complete. */
  rewritten?: string;
}

interface Comparison {
  digests: Digests;
  /** Whether the objects of the place expire. */
  expires: boolean;
  /** When the server completed the backup, by its clock in milliseconds; undefined when it does not tell. */
  completed: number | undefined;
  onBytes: (bytes: number) => void;
}

export async function comparePlace(
  client: WeaviateClient,
  place: CensusPlace,
  comparison: Comparison,
): Promise<Finding> {
  if (place.dropped) return { result: 'named', count: await countOf(client, place) };
  const { digests, expires, completed } = comparison;
  const digest = new ObjectDigest(digests);
  // A backup holds nothing that was written after it was complete.
  const isLater = (one: WeaviateObject) =>
    completed !== undefined && isWrittenSince(one, completed);
  const { least = 0, most = least, sample, parts } = place;
  const certain = parts ? (place.certain ?? least) : least;
  const again = new Set(place.again?.sample);
  const there =
    parts && (await readWhole(client, place, parts.length, digest, isLater, comparison));
  const count = there?.all.count ?? (await countOf(client, place));
  const found: Finding = { result: 'equivalent', ...(count > most && { grew: true }) };
  if (count < least) {
    const reason = `${count} objects of at least ${least}`;
    if (expires) found.expired = reason;
    else if (count >= certain) found.unsettled = reason;
    else return { result: 'different', reason };
  }
  let proven = 0;
  let rewritten = 0;
  let unsure = 0;
  if (parts && there) {
    const judged = judge(parts, new Set(place.again?.parts), there);
    if (judged.wrong > 0 || (judged.fewer > 0 && !expires)) {
      return { result: 'different', reason: 'objects are not what they were' };
    }
    if (judged.fewer > 0) {
      found.expired ??= `fewer objects in ${judged.fewer} of ${parts.length} parts`;
    }
    if (judged.unsure > 0) {
      found.unsettled ??= `${judged.unsure} of ${parts.length} parts are not what they were`;
    }
    proven += judged.proven;
    if (judged.rewritten > 0) {
      found.rewritten = `${judged.rewritten} of ${parts.length} parts`;
    }
  }
  for (const [id, expected] of sample) {
    const object = await readObject(client, place, id);
    if (!object) {
      const reason = `object ${id} is missing`;
      if (expires && mayHaveExpired(place, id)) found.expired ??= reason;
      else if (again.has(id)) unsure += 1;
      else return { result: 'different', reason };
    } else if (digestText(digest, object) === expected) proven += 1;
    else if (isLater(object)) rewritten += 1;
    else if (again.has(id)) unsure += 1;
    else return { result: 'different', reason: `object ${id} is not what it was` };
  }
  if (rewritten > 0) found.rewritten ??= `${rewritten} of a sample of ${sample.length}`;
  if (unsure > 0) {
    found.unsettled ??= `${unsure} of a sample of ${sample.length} are not what they were`;
  }
  const { expired, grew } = found;
  const compared = proven > 0 || most === 0 || (place.unsampled === true && !parts);
  if (!compared && expired === undefined && found.rewritten === undefined) {
    found.unsettled ??= 'nothing of it could be compared';
  }
  if (!compared || expired !== undefined || found.unsettled !== undefined) {
    return { ...found, result: 'named' };
  }
  const whole = parts?.every((part) => part !== null) && !grew && !found.rewritten;
  return { ...found, result: whole ? 'identical' : 'equivalent' };
}

interface Whole {
  all: Tally;
  /** Without what was written since the backup was complete. */
  earlier: Tally;
}

/** In as much memory as a page or two take. */
async function readWhole(
  client: WeaviateClient,
  place: CensusPlace,
  parts: number,
  digest: ObjectDigest,
  isLater: (object: WeaviateObject) => boolean,
  { onBytes }: Comparison,
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

/** How many parts are as they were, and of how many nobody can tell. Objects that only came to a part spoil nothing. */
function judge(
  recorded: readonly (string | null)[],
  again: ReadonlySet<number>,
  whole: Whole,
): Record<'proven' | 'wrong' | 'fewer' | 'rewritten' | 'unsure', number> {
  const judged = { proven: 0, wrong: 0, fewer: 0, rewritten: 0, unsure: 0 };
  const [all, earlier] = [whole.all.parts(), whole.earlier.parts()];
  for (const [at, part] of recorded.entries()) {
    if (part === null) continue;
    const [now = '', old = ''] = [all[at], earlier[at]];
    const [expected, count] = [countOfPart(part), countOfPart(now)];
    if (now === part || old === part) judged.proven += expected > 0 ? 1 : 0;
    else if (count < expected) judged[again.has(at) ? 'unsure' : 'fewer'] += 1;
    else if (now !== old) judged.rewritten += 1;
    else if (count === expected) judged[again.has(at) ? 'unsure' : 'wrong'] += 1;
  }
  return judged;
}
