import type { Progress, Warning } from '../../workflows/contract/progress.ts';
import { humanBytes, humanDuration, knownTotal } from '../terminal/figures.ts';
import { printable, type Output } from '../terminal/output.ts';
import { renderBar } from '../terminal/progress-bar.ts';
import { warningLine } from '../terminal/warnings.ts';
import { adviceFor } from './advice.ts';
import { LiveFigures, type Live } from './live-figures.ts';
import type { Observation, PendingActivity } from './observe.ts';

const REPORT_EVERY_MS = 30_000;
/** How a run that has just ended names its phase: its end is told by its result. */
const CLOSING = /^(done|cancelled|(failed|skipped): .*)$/s;

/** Tells a run as it goes: a bar where a person watches, one line per event elsewhere, one object per event as JSON. */
export class Narrator {
  readonly #output: Output;
  readonly #live = new LiveFigures();
  readonly #troubles = new Map<string, number>();
  readonly #warned = new Set<string>();
  #phase = '';
  #advised = false;
  #totals: { bytes: number | undefined; artifacts: number } = { bytes: undefined, artifacts: 0 };
  #waitingFor: string | undefined;
  #product: string | undefined;
  #fault: string | undefined;
  #reportedAt = Date.now();

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param remark what else is the matter; stands under the bar */
  tell(seen: Observation, remark?: string): void {
    const { progress, pending, startedAt } = seen;
    const live = this.#live.update(seen);
    this.#tellTroubles(pending);
    this.#tellAdvice(seen);
    this.#tellProduct(seen);
    if (progress) {
      this.#totals = { bytes: progress.bytes.total, artifacts: progress.artifacts.total };
      this.#tellPhase(progress);
      this.warn(progress.warnings);
      if (Date.now() - this.#reportedAt > REPORT_EVERY_MS) this.#report(progress, live);
    }
    if (seen.status !== 'RUNNING') return this.#output.clear();
    const waiting = this.#waitingFor && `waiting for ${this.#waitingFor}`;
    const silent = progress || seen.untouched ? undefined : 'no worker answers';
    const bar = renderBar(
      {
        ...live,
        phase: this.#phase || 'starting',
        totalBytes: this.#totals.bytes,
        totalArtifacts: this.#totals.artifacts,
        bytesPerSecond: live.bytesPerSecond || (progress?.bytesPerSecond ?? 0),
        startedAt,
        remark: remark ?? silent ?? waiting ?? this.#fault ?? this.#product,
      },
      this.#output.width,
    );
    this.#output.live(bar);
  }

  /** Tells each warning once, whenever it is heard of. */
  warn(warnings: readonly Warning[]): void {
    for (const warning of warnings) {
      const key = JSON.stringify(warning);
      if (this.#warned.has(key)) continue;
      this.#warned.add(key);
      this.#output.event({ event: 'warning', warning }, warningLine(warning));
    }
  }

  #tellPhase(progress: Progress): void {
    if (progress.phase !== this.#phase && !CLOSING.test(progress.phase)) {
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

  #tellAdvice(seen: Observation): void {
    const advice = adviceFor(seen);
    if (!advice || this.#advised) return;
    this.#advised = true;
    this.#output.remark(advice);
  }

  /** What the product says of its own job, and why it cannot be asked. */
  #tellProduct({ progress, pending }: Observation): void {
    const figures = pending.findLast((activity) => activity.figures?.product)?.figures;
    const says = figures?.product ?? progress?.product;
    const product = says && `the product says ${printable(says)}`;
    if (product && product !== this.#product && !this.#output.interactive) {
      this.#output.event({ event: 'product', product: says }, product);
    }
    this.#product = product;
    const fault = figures?.lastError && printable(figures.lastError);
    if (fault && fault !== this.#fault) {
      this.#output.event({ event: 'retry', lastError: fault }, `asking again: ${fault}`);
    }
    this.#fault = fault;
  }

  #report(progress: Progress, { bytes, artifacts, bytesPerSecond }: Live): void {
    this.#reportedAt = Date.now();
    if (this.#output.interactive) return;
    const total = knownTotal({ ...progress.bytes, done: bytes });
    const left =
      total !== undefined && bytesPerSecond > 0
        ? `, ${humanDuration(((total - bytes) * 1000) / bytesPerSecond)} left`
        : '';
    const fresh = {
      ...progress,
      bytes: { ...progress.bytes, done: bytes },
      artifacts: { ...progress.artifacts, done: artifacts },
    };
    this.#output.event(
      { event: 'progress', progress: fresh },
      `${progress.phase}: ${artifacts} of ${progress.artifacts.total} artifacts, ` +
        `${humanBytes(bytes)}${total === undefined ? '' : ` of ${humanBytes(total)}`}, ${humanBytes(bytesPerSecond)}/s${left}`,
    );
  }
}
