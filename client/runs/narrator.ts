import type { Progress } from '../../workflows/contract/progress.ts';
import { humanBytes, humanDuration } from '../terminal/figures.ts';
import { printable, type Output } from '../terminal/output.ts';
import { renderBar } from '../terminal/progress-bar.ts';
import { LiveBytes } from './live-bytes.ts';
import type { Observation, PendingActivity } from './observe.ts';

const REPORT_EVERY_MS = 30_000;

/** Tells a run as it goes: a bar where a person watches, one line per event elsewhere, one object per event as JSON. */
export class Narrator {
  readonly #output: Output;
  readonly #live = new LiveBytes();
  readonly #troubles = new Map<string, number>();
  #phase = '';
  #waitingFor: string | undefined;
  #warnings = 0;
  #reportedAt = Date.now();
  #remark: string | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** A line under the bar until the next remark. */
  set remark(remark: string | undefined) {
    this.#remark = remark;
  }

  tell(seen: Observation): void {
    const { progress } = seen;
    const { bytes, rate } = this.#live.update(seen);
    this.#tellTroubles(seen.pending);
    if (progress) {
      this.#tellPhase(progress);
      this.#tellWarnings(progress);
      if (Date.now() - this.#reportedAt > REPORT_EVERY_MS) this.#report(progress, bytes, rate);
    }
    if (seen.status !== 'RUNNING') return this.#output.clear();
    this.#output.live(
      renderBar(
        {
          phase: progress?.phase ?? (this.#phase || 'starting'),
          bytes,
          totalBytes: progress?.bytes.total,
          artifacts: progress?.artifacts ?? { done: 0, total: 0 },
          bytesPerSecond: rate || (progress?.bytesPerSecond ?? 0),
          startedAt: seen.startedAt,
          remark: this.#remark ?? this.#waiting(),
        },
        this.#output.width,
      ),
    );
  }

  #waiting(): string | undefined {
    return this.#waitingFor && `waiting for ${this.#waitingFor}`;
  }

  #tellPhase(progress: Progress): void {
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase;
      this.#reportedAt = Date.now();
      if (!this.#output.interactive) {
        this.#output.event({ event: 'phase', progress }, progress.phase);
      }
    }
    if (progress.waitingFor !== this.#waitingFor) {
      this.#waitingFor = progress.waitingFor;
      if (this.#waitingFor) {
        this.#output.event(
          { event: 'waiting', waitingFor: this.#waitingFor },
          `waiting for ${this.#waitingFor}`,
        );
      }
    }
  }

  #tellWarnings({ warnings }: Progress): void {
    for (const warning of warnings.slice(this.#warnings)) {
      this.#output.event({ event: 'warning', warning }, `warning: ${printable(warning.message)}`);
    }
    this.#warnings = Math.max(this.#warnings, warnings.length);
  }

  #tellTroubles(pending: PendingActivity[]): void {
    for (const { id, type, attempt, lastError } of pending) {
      if (!lastError || (this.#troubles.get(id) ?? 0) >= attempt) continue;
      this.#troubles.set(id, attempt);
      this.#output.event(
        { event: 'retry', activity: type, attempt, lastError },
        `${type}: attempt ${attempt}, last error: ${printable(lastError)}`,
      );
    }
  }

  #report(progress: Progress, bytes: number, rate: number): void {
    this.#reportedAt = Date.now();
    if (this.#output.interactive) return;
    const {
      artifacts,
      bytes: { total },
    } = progress;
    const left =
      total !== undefined && rate > 0
        ? `, ${humanDuration(((total - bytes) * 1000) / rate)} left`
        : '';
    this.#output.event(
      { event: 'progress', progress: { ...progress, bytes: { ...progress.bytes, done: bytes } } },
      `${progress.phase}: ${artifacts.done} of ${artifacts.total} artifacts, ` +
        `${humanBytes(bytes)}${total === undefined ? '' : ` of ${humanBytes(total)}`}, ${humanBytes(rate)}/s${left}`,
    );
  }
}
