/** So many are kept at the most: 12 MiB for each shard that is compared at the same time. */
const MOST_POINTS = 2 ** 19;
const FIRST_SLOTS = 2 ** 12;
/** Beside the number of a series: the point has come back. */
const FOUND = 2 ** 30;

/**
 * Points of a shard, each once: the number of a series and a time. Where there are too many, it keeps one in two, in four,
 * and so on, and always those of the same hash, so that two shards can still be compared point by point.
 */
export class PointSet {
  readonly #most: number;
  /** The number of the series, counted from 1; 0 where a slot is free. */
  #series = new Int32Array(FIRST_SLOTS);
  #high = new Int32Array(FIRST_SLOTS);
  #low = new Int32Array(FIRST_SLOTS);
  #size = 0;
  #found = 0;
  #halvings = 0;

  constructor(most = MOST_POINTS) {
    this.#most = most;
  }

  /** Points that are kept. */
  get size(): number {
    return this.#size;
  }

  /** Of those that are kept, the ones that `find` was never asked for. */
  get missing(): number {
    return this.#size - this.#found;
  }

  /** One in so many is kept. */
  get oneIn(): number {
    return 2 ** this.#halvings;
  }

  /** @param series from 1 */
  add(series: number, high: number, low: number): void {
    const hash = hashOf(series, high, low);
    if (!this.#keeps(hash)) return;
    const at = this.#slot(hash, series, high, low);
    if (this.#series[at] !== 0) return;
    this.#put(at, series, high, low);
    if (this.#size > this.#most) this.#rebuild(this.#series.length, this.#halvings + 1);
    else if (this.#size * 2 > this.#series.length) {
      this.#rebuild(this.#series.length * 2, this.#halvings);
    }
  }

  /** @returns false for a point that would be kept, and was never added */
  find(series: number, high: number, low: number): boolean {
    const hash = hashOf(series, high, low);
    if (!this.#keeps(hash)) return true;
    const at = this.#slot(hash, series, high, low);
    const there = this.#series[at] ?? 0;
    if (there === 0) return false;
    if (there < FOUND) {
      this.#series[at] = there | FOUND;
      this.#found += 1;
    }
    return true;
  }

  #keeps(hash: number): boolean {
    return this.#halvings === 0 || hash >>> (32 - this.#halvings) === 0;
  }

  /** Where the point is, or would be. */
  #slot(hash: number, series: number, high: number, low: number): number {
    const last = this.#series.length - 1;
    for (let at = hash & last; ; at = (at + 1) & last) {
      const there = this.#series[at] ?? 0;
      if (there === 0) return at;
      if ((there & ~FOUND) === series && this.#high[at] === high && this.#low[at] === low)
        return at;
    }
  }

  #put(at: number, series: number, high: number, low: number): void {
    this.#series[at] = series;
    this.#high[at] = high;
    this.#low[at] = low;
    this.#size += 1;
  }

  #rebuild(slots: number, halvings: number): void {
    const [all, highs, lows] = [this.#series, this.#high, this.#low];
    this.#series = new Int32Array(slots);
    this.#high = new Int32Array(slots);
    this.#low = new Int32Array(slots);
    this.#halvings = halvings;
    this.#size = 0;
    for (const [from, series] of all.entries()) {
      if (series === 0) continue;
      const [high = 0, low = 0] = [highs[from], lows[from]];
      const hash = hashOf(series, high, low);
      if (this.#keeps(hash)) this.#put(this.#slot(hash, series, high, low), series, high, low);
    }
  }
}

function hashOf(series: number, high: number, low: number): number {
  return mixed(mixed(mixed(series) ^ high) ^ low);
}

/** The end of MurmurHash3: every bit tells on all of them. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
