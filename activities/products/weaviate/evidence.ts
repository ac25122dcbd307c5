import type { CensusPlace } from './census.ts';
import { countOf, type Tally } from './tally.ts';

/** What one way of comparing a place that came back tells of it, for people. */
export interface Evidence {
  /** Parts, or objects of the sample, that are as they were. */
  proven?: number;
  /** What is missing, or another, and nothing explains it. */
  lost?: string | undefined;
  /** What is missing, and may have expired. */
  expired?: string | undefined;
  /** What is missing, or another, and was written while the backup was taken: nobody saw what the backup got of it. */
  unsettled?: string | undefined;
  /** What is another, and was written after the backup was complete, so it cannot have come from it. */
  rewritten?: string | undefined;
}

/** What was found of one class or tenant. */
export interface Finding extends Omit<Evidence, 'proven'> {
  /** `named`: it is there, and nothing of it could be compared, or too little. */
  result: 'identical' | 'equivalent' | 'named' | 'different';
  /** More objects than the backup was taken from. */
  grew?: boolean;
  /** Of what was dropped while the backup was taken. */
  count?: number;
}

/** All objects of a place, read back. */
export interface Whole {
  all: Tally;
  /** Without what was written since the backup was complete. */
  earlier: Tally;
}

export function judgeCount(
  { least = 0, certain = least, parts }: CensusPlace,
  count: number,
  expires: boolean,
): Evidence {
  if (count >= least) return {};
  const reason = `${count} objects of at least ${least}`;
  if (expires) return { expired: reason };
  // Only who has read all objects knows how many of them were made meanwhile.
  return parts && count >= certain ? { unsettled: reason } : { lost: reason };
}

export function judgeParts(
  { parts = [], again }: CensusPlace,
  { all, earlier }: Whole,
  expires: boolean,
): Evidence {
  const [now, old] = [all.parts(), earlier.parts()];
  const written = new Set(again?.parts);
  const seen = { proven: 0, fewer: 0, another: 0, unsettled: 0, rewritten: 0 };
  for (const [at, part] of parts.entries()) {
    const fate = fateOf(part, now[at] ?? '', old[at] ?? '');
    if (fate === undefined) continue;
    const isUnsure = written.has(at) && (fate === 'fewer' || fate === 'another');
    seen[isUnsure ? 'unsettled' : fate] += 1;
  }
  const { proven, fewer, another, unsettled, rewritten } = seen;
  if (another > 0 || (fewer > 0 && !expires)) return { lost: 'objects are not what they were' };
  const of = (some: number, what = '') => {
    return some > 0 ? `${some} of ${parts.length} parts${what}` : undefined;
  };
  const expired = of(fewer);
  return {
    proven,
    expired: expired && `fewer objects in ${expired}`,
    unsettled: of(unsettled, ' are not what they were'),
    rewritten: of(rewritten),
  };
}

/**
 * What became of a part; undefined where nothing can be told of it.
 * @param part as it was, `null` when it was another after the backup than before
 * @param old as it is, without what was written since the backup was complete
 */
function fateOf(
  part: string | null,
  now: string,
  old: string,
): 'proven' | 'fewer' | 'another' | 'rewritten' | undefined {
  if (part === null) return undefined;
  const expected = countOf(part);
  if (now === part || old === part) return expected > 0 ? 'proven' : undefined;
  if (countOf(now) < expected) return 'fewer';
  // As many as there were have been left alone since, so it was nobody who writes.
  if (countOf(old) === expected) return 'another';
  // Objects that only came to it spoil nothing.
  return now === old ? undefined : 'rewritten';
}

/** What all of the evidence comes to: the first that tells of a thing tells it. */
export function conclude(
  { least = 0, most = least, parts, unsampled }: CensusPlace,
  count: number,
  evidence: readonly Evidence[],
): Finding {
  const first = (what: Exclude<keyof Evidence, 'proven'>) =>
    evidence.map((one) => one[what]).find((text) => text !== undefined);
  const lost = first('lost');
  if (lost !== undefined) return { result: 'different', lost };
  const grew = count > most;
  const [expired, rewritten] = [first('expired'), first('rewritten')];
  // Where nothing was, and where nothing was to be looked into, the count is all that there is to compare.
  const onlyCounted = most === 0 || unsampled === true;
  const compared = onlyCounted || evidence.some(({ proven = 0 }) => proven > 0);
  const explained = compared || expired !== undefined || rewritten !== undefined;
  const unsettled =
    first('unsettled') ?? (explained ? undefined : 'nothing of it could be compared');
  const found = { grew, expired, unsettled, rewritten };
  if (!compared || expired !== undefined || unsettled !== undefined) {
    return { ...found, result: 'named' };
  }
  const isWhole = parts?.every((part) => part !== null) && !grew && rewritten === undefined;
  return { ...found, result: isWhole ? 'identical' : 'equivalent' };
}
