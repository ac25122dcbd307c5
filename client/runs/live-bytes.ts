import type { Observation } from './observe.ts';

const WINDOW_MS = 15_000;

/**
 * The bytes moved so far, fresher than the run itself tells: a run hears of its activities at widening intervals, but
 * their heartbeats say how far each has come since. Never goes back, except when the run counts anew.
 */
export class LiveBytes {
  #told = -1;
  #phase = '';
  #base = new Map<string, number>();
  #shown = 0;
  #samples: { at: number; bytes: number }[] = [];

  update({ progress, pending }: Observation, now = Date.now()): { bytes: number; rate: number } {
    const done = progress?.bytes.done ?? Math.max(0, this.#told);
    if (progress && (done < this.#told || progress.phase !== this.#phase))
      this.#startAnew(progress.phase);
    if (done !== this.#told) {
      this.#told = done;
      this.#base = new Map(pending.map(({ id, figures }) => [id, figures?.bytes ?? 0]));
    }
    const since = pending.reduce(
      (sum, { id, figures }) =>
        sum + Math.max(0, (figures?.bytes ?? 0) - (this.#base.get(id) ?? 0)),
      0,
    );
    const total = progress?.bytes.total ?? Number.POSITIVE_INFINITY;
    this.#shown = Math.min(Math.max(total, done), Math.max(this.#shown, done + since));
    this.#samples.push({ at: now, bytes: this.#shown });
    this.#samples = this.#samples.filter(({ at }) => now - at <= WINDOW_MS);
    return { bytes: this.#shown, rate: this.#rate(now) };
  }

  #startAnew(phase: string): void {
    this.#phase = phase;
    this.#shown = 0;
    this.#told = -1;
    this.#samples = [];
  }

  #rate(now: number): number {
    const [first] = this.#samples;
    if (!first || now - first.at < 1_000) return 0;
    return ((this.#shown - first.bytes) * 1000) / (now - first.at);
  }
}
