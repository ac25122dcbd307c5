import type { Observation } from './observe.ts';

const WINDOW_MS = 15_000;

export interface Live {
  bytes: number;
  artifacts: number;
  bytesPerSecond: number;
}

interface Counts {
  bytes: number;
  artifacts: number;
}

/**
 * How far a run is, fresher than the run itself tells: it hears of its activities at widening intervals, but their
 * heartbeats say how far each has come since. Never goes back, except when the run counts anew.
 */
export class LiveFigures {
  #phase = '';
  #told: Counts = NOTHING;
  #base = new Map<string, Counts>();
  #shown: Counts = NOTHING;
  #samples: { at: number; bytes: number }[] = [];

  update({ progress, pending }: Observation, now = Date.now()): Live {
    const told = progress
      ? { bytes: progress.bytes.done, artifacts: progress.artifacts.done }
      : this.#told;
    if (progress && (told.bytes < this.#told.bytes || progress.phase !== this.#phase)) {
      this.#phase = progress.phase;
      this.#shown = told;
      this.#samples = [];
      this.#told = { bytes: -1, artifacts: -1 };
    }
    if (told.bytes !== this.#told.bytes || told.artifacts !== this.#told.artifacts) {
      this.#told = told;
      this.#base = new Map(pending.map(({ id, figures }) => [id, figures ?? NOTHING]));
    }
    this.#shown = {
      bytes: this.#grown('bytes', pending, progress?.bytes.total),
      // Zero: the product's own job, of which nobody knows how much there will be.
      artifacts: this.#grown('artifacts', pending, progress?.artifacts.total || undefined),
    };
    this.#samples.push({ at: now, bytes: this.#shown.bytes });
    this.#samples = this.#samples.filter(({ at }) => now - at <= WINDOW_MS);
    return { ...this.#shown, bytesPerSecond: this.#rate(now) };
  }

  #grown(what: keyof Counts, pending: Observation['pending'], total = Number.POSITIVE_INFINITY) {
    const told = this.#told[what];
    const since = pending.reduce((sum, { id, figures }) => {
      const before = this.#base.get(id) ?? NOTHING;
      return sum + Math.max(0, (figures?.[what] ?? 0) - before[what]);
    }, 0);
    return Math.min(Math.max(total, told), Math.max(this.#shown[what], told + since));
  }

  #rate(now: number): number {
    const [first] = this.#samples;
    if (!first || now - first.at < 1_000) return 0;
    return ((this.#shown.bytes - first.bytes) * 1000) / (now - first.at);
  }
}

const NOTHING: Counts = { bytes: 0, artifacts: 0 };
