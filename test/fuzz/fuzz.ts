import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { damaged, randomDamage, type Damage, type DamageOptions } from './damage.ts';

/** Another one in every run, so that the runs together see more than one of them could. */
const SEED = Number(process.env['HOLDFAST_FUZZ_SEED'] ?? randomInt(2 ** 32));
/** For a long look: so many times as many cases. */
const TIMES = Number(process.env['HOLDFAST_FUZZ_TIMES'] ?? 1);
/** A case takes milliseconds; what takes so long hangs. */
const HANGS_AFTER_MS = 60_000;

export interface FuzzOptions extends DamageOptions {
  cases: number;
  /** What once was judged wrongly, and is tried in every run. */
  regressions?: Damage[];
}

/** One damaged file. */
export interface Case {
  bytes: Buffer;
  damage: Damage;
  /** Numbers between 0 and 1, which come again with the seed. */
  random: () => number;
}

/**
 * Damages a file in `cases` ways, each of which is judged. What the judge throws is told with the seed that makes the run
 * again: `HOLDFAST_FUZZ_SEED=<seed> npx vitest run --project quick test/fuzz`.
 */
export async function fuzz(
  name: string,
  original: Buffer,
  { cases, regressions = [], ...options }: FuzzOptions,
  judge: (one: Case) => void | Promise<void>,
): Promise<void> {
  console.info(`${name}: ${cases * TIMES} cases, HOLDFAST_FUZZ_SEED=${SEED}`);
  for (let number = -regressions.length; number < cases * TIMES; number += 1) {
    const random = randomNumbers(SEED, number);
    const damage =
      regressions[number + regressions.length] ?? randomDamage(original.length, random, options);
    try {
      await withinReason(judge({ bytes: damaged(original, damage), damage, random }));
    } catch (cause) {
      const told = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `${name}, HOLDFAST_FUZZ_SEED=${SEED}, case ${number}, ${JSON.stringify(damage)}: ${told}`,
        { cause },
      );
    }
  }
}

async function withinReason(judging: void | Promise<void>): Promise<void> {
  if (!judging) return;
  const over = new AbortController();
  const hangs = sleep(HANGS_AFTER_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error('it hangs');
  });
  hangs.catch(() => undefined);
  try {
    await Promise.race([judging, hangs]);
  } finally {
    over.abort();
  }
}

/** Of a case, whatever the cases before it have used (mulberry32). */
function randomNumbers(seed: number, number: number): () => number {
  let state = (seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same bytes in chunks of random lengths, some of them of one byte. */
export async function* inRandomChunks(
  bytes: Buffer,
  random: () => number,
): AsyncGenerator<Uint8Array> {
  const most = 2 ** Math.floor(random() * 18);
  // So many chunks at the most, lest the chunks cost more than what is tried.
  const least = Math.ceil(bytes.length / 100);
  for (let at = 0; at < bytes.length;) {
    const length = Math.max(least, 1 + Math.floor(random() * most));
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
