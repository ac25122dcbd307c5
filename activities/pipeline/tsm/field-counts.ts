import { measurementAndField } from './series-key.ts';
import { TsmContent } from './tsm-content.ts';
import { readTsm, type TsmKey, type VisitSeries } from './tsm-index.ts';
import type { TsmSource } from './tsm-source.ts';

/** What the files of a shard hold of one field of a measurement. */
export interface Held {
  /** Where these are not known one by one, those in several files count several times. */
  series: number;
  /** As many as the files hold, of which some may repeat each other. */
  points: number;
  /** So many are there in any case. */
  least: number;
}

export interface Limits {
  /** Series and fields that are kept one by one. */
  series: number;
  fields: number;
}

/** Half a kilobyte each, of several shards at a time. */
const LIMITS: Limits = { series: 50_000, fields: 250_000 };

/**
 * How many points a shard holds of each measurement and field. While its series are few they are kept one by one; of more
 * than that, only the sums, so that the memory does not grow with their number.
 */
export class FieldCounts {
  /** Undefined for a shard of very many series. */
  series: TsmContent | undefined = new TsmContent();
  #fields: Map<string, Map<string, Counted>> | undefined = new Map<string, Map<string, Counted>>();
  #size = 0;
  #file = 0;

  readonly #limits: Limits;

  constructor(limits = LIMITS) {
    this.#limits = limits;
  }

  async add(file: string | TsmSource, visit?: VisitSeries): Promise<void> {
    this.#file += 1;
    for await (const key of readTsm(file, visit)) {
      this.series?.include(key);
      if (this.series && this.series.keys.size > this.#limits.series) this.series = undefined;
      this.#count(key);
    }
  }

  /** By measurement and field; undefined when even these are too many. */
  get held(): Map<string, Map<string, Held>> | undefined {
    if (this.series) return heldBy(this.series);
    if (this.#fields === undefined) return undefined;
    return new Map(
      [...this.#fields].map(([measurement, fields]) => [
        measurement,
        new Map([...fields].map(([field, counted]) => [field, counted.held])),
      ]),
    );
  }

  #count(key: TsmKey): void {
    if (this.#fields === undefined) return;
    const { measurement, field } = measurementAndField(key.key);
    let fields = this.#fields.get(measurement);
    if (!fields) this.#fields.set(measurement, (fields = new Map<string, Counted>()));
    let counted = fields.get(field);
    if (!counted) {
      fields.set(field, (counted = new Counted()));
      this.#size += 1;
      if (this.#size > this.#limits.fields) this.#fields = undefined;
    }
    counted.add(key, this.#file);
  }
}

/** One field. Of two files that overlap in time, nobody knows without their series which points are the same. */
class Counted {
  #series = 0;
  #points = 0;
  #overlaps = false;
  /** The most that is known not to repeat itself: what one file holds. */
  #most = 0;
  #before: { min: bigint; max: bigint } | undefined;
  #now: { file: number; min: bigint; max: bigint; points: number } | undefined;

  add({ min, max, points, overlaps }: TsmKey, file: number): void {
    if (this.#now?.file !== file) this.#close();
    this.#series += 1;
    this.#points += points;
    if (overlaps) this.#overlaps = true;
    const sure = overlaps ? 1 : points;
    this.#now = this.#now
      ? { file, ...widest(this.#now, { min, max }), points: this.#now.points + sure }
      : { file, min, max, points: sure };
  }

  get held(): Held {
    this.#close();
    const [series, points] = [this.#series, this.#points];
    return { series, points, least: this.#overlaps ? this.#most : points };
  }

  #close(): void {
    const [now, before] = [this.#now, this.#before];
    if (now === undefined) return;
    if (before && now.min <= before.max && now.max >= before.min) this.#overlaps = true;
    this.#before = before ? widest(now, before) : now;
    this.#most = Math.max(this.#most, now.points);
    this.#now = undefined;
  }
}

function widest(one: Span, other: Span): Span {
  return {
    min: one.min < other.min ? one.min : other.min,
    max: one.max > other.max ? one.max : other.max,
  };
}

interface Span {
  min: bigint;
  max: bigint;
}

function heldBy(content: TsmContent): Map<string, Map<string, Held>> {
  type Known = Held & { overlaps: boolean };
  const counts = new Map<string, Map<string, Known>>();
  for (const [key, { points, overlaps }] of content.keys) {
    const { measurement, field } = measurementAndField(key);
    let fields = counts.get(measurement);
    if (!fields) counts.set(measurement, (fields = new Map<string, Known>()));
    const known = fields.get(field);
    const sum = {
      series: 1 + (known?.series ?? 0),
      points: points + (known?.points ?? 0),
      overlaps: overlaps || (known?.overlaps ?? false),
    };
    fields.set(field, { ...sum, least: sum.overlaps ? 1 : sum.points });
  }
  return counts;
}
