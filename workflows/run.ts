import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { PageTotals } from './contract/activities.ts';
import type { SEARCH_ATTRIBUTES, Operation, Outcome } from './contract/names.ts';
import type { Figures, Progress, Warning } from './contract/progress.ts';
import { eta } from './eta.ts';
import { renderDetails } from './details.ts';
import type { KnownJob } from './known-job.ts';
import { searchAttribute } from './search-attributes.ts';

/** One operation under way: what it is doing, how far it is, and who gets to know. */
export class Run {
  readonly operation: Operation;
  /** What it could not undo is written down beside the backup, and must stay there. */
  keepsWork = false;
  readonly #startedAt = workflowInfo().startTime;
  #job: KnownJob | undefined;
  #identified = false;
  #phase = 'starting';
  #within = '';
  #countingSince = Date.now();
  #waitingFor: string | undefined;
  #copy: string | undefined;
  #cancellable: Progress['cancellable'] = true;
  #done: PageTotals = { artifacts: 0, bytes: 0 };
  #doneBefore = 0;
  #total: { artifacts: number; bytes?: number } = { artifacts: 0 };
  #ended = false;
  readonly #settled = new Set<string>();
  readonly #moving = new Map<string, Figures>();
  #warnings: Warning[] = [];

  constructor(operation: Operation) {
    this.operation = operation;
  }

  /** What was asked for: enough to tell whom it concerns when not even the backup is found. */
  consider({ backup, ...asked }: KnownJob): void {
    this.#job = backup === undefined || backup === 'latest' ? asked : { ...asked, backup };
  }

  /** Takes over what the first activities found out, and makes the run findable. */
  adopt(job: KnownJob): void {
    this.#job = job;
    this.warn(...job.warnings);
    this.identify(job);
    this.outcome('running');
  }

  private identify(job: KnownJob): void {
    this.#identified = true;
    const { target, product, store } = job.snapshot;
    this.publish({
      HoldfastTarget: target,
      HoldfastProduct: product,
      HoldfastStore: store.name,
      ...(job.backup ? { HoldfastBackup: job.backup } : {}),
    });
  }

  get job(): KnownJob | undefined {
    return this.#job;
  }

  /** Whether a reset has it go on with the history of another run, for which nothing more is done. */
  get wasReset(): boolean {
    const of = this.#job?.run?.runId;
    return of !== undefined && of !== workflowInfo().runId;
  }

  enter(phase: string, cancellable: Progress['cancellable'] = this.#cancellable): void {
    this.#phase = this.#within + phase;
    // What is counted over several phases has one rate, from where it began to move.
    const moved = this.#moving.size > 0 || this.#done.bytes > this.#doneBefore;
    if (this.#total.artifacts === 0 || !moved) this.#countingSince = Date.now();
    this.#cancellable = cancellable;
    this.show();
  }

  /** While `work` goes on, its phases are told as parts of `whole`. */
  async within<T>(whole: string, work: () => Promise<T>): Promise<T> {
    this.#within = `${whole}: `;
    try {
      return await work();
    } finally {
      this.#within = '';
    }
  }

  waitFor(workflowId: string | undefined): void {
    this.#waitingFor = workflowId;
    this.show();
  }

  /** Until the workflow named here has ended, the backup dies with the storage beside the database. */
  awaitCopy(workflowId: string | undefined): void {
    this.#copy = workflowId;
    this.show();
  }

  /** What lies ahead; counts from zero again. */
  expect(total: { artifacts: number; bytes?: number | undefined }, done?: PageTotals): void {
    this.#total = { artifacts: total.artifacts, ...(total.bytes ? { bytes: total.bytes } : {}) };
    this.#done = done ?? { artifacts: 0, bytes: 0 };
    this.#doneBefore = this.#done.bytes;
    this.#countingSince = Date.now();
    this.#moving.clear();
    this.#settled.clear();
    this.show();
  }

  /** A page is done: its totals replace what its activity told on the way. */
  add(totals: PageTotals, activity: string): void {
    this.#settled.add(activity);
    this.#moving.delete(activity);
    this.#done.artifacts += totals.artifacts;
    this.#done.bytes += totals.bytes;
    this.show();
  }

  /** Signals come from activities, and from anybody: what does not look like figures is ignored, and what comes late. */
  receive(figures: unknown): void {
    if (this.#ended || !isFigures(figures) || this.#settled.has(figures.activity)) return;
    this.#moving.set(figures.activity, figures);
    this.show();
  }

  /** What was told already is not told again. */
  warn(...warnings: readonly Warning[]): void {
    const told = new Set(this.#warnings.map(wordsOf));
    for (const warning of warnings) {
      const words = wordsOf(warning);
      if (!told.has(words)) this.#warnings.push(warning);
      told.add(words);
    }
  }

  /** Takes back what is to be told in other words. */
  unwarn(warnings: readonly Warning[]): void {
    const meant = new Set(warnings.map(wordsOf));
    this.#warnings = this.#warnings.filter((warning) => !meant.has(wordsOf(warning)));
  }

  /** Those so far. */
  get warnings(): Warning[] {
    return [...this.#warnings];
  }

  get elapsedMs(): number {
    return Date.now() - this.#startedAt.getTime();
  }

  private outcome(outcome: Outcome, bytes?: number): void {
    this.publish({
      HoldfastOutcome: outcome,
      ...(bytes === undefined ? {} : { HoldfastBytes: bytes }),
    });
  }

  progress(): Progress {
    const moving = [...this.#moving.values()];
    const artifacts = this.#done.artifacts + sum(moving.map((figures) => figures.artifacts));
    const bytes = this.#done.bytes + sum(moving.map((figures) => figures.bytes));
    const seconds = Math.max(1, (Date.now() - this.#countingSince) / 1000);
    const share = this.#total.bytes ? bytes / this.#total.bytes : artifacts / this.#total.artifacts;
    const end = this.#ended ? undefined : eta(share, seconds * 1000, Date.now());
    const told = moving.findLast((figures) => figures.product !== undefined);
    const troubled = moving.findLast((figures) => figures.lastError !== undefined);
    return {
      phase: this.#phase,
      ...(this.#waitingFor ? { waitingFor: this.#waitingFor } : {}),
      ...(told?.product ? { product: told.product } : {}),
      ...(this.#copy ? { sameFailureDomain: { copy: this.#copy } } : {}),
      artifacts: { done: artifacts, total: this.#total.artifacts },
      bytes: { done: bytes, ...(this.#total.bytes ? { total: this.#total.bytes } : {}) },
      bytesPerSecond: Math.round((bytes - this.#doneBefore) / seconds),
      ...(end === undefined ? {} : { eta: end }),
      startedAt: this.#startedAt.toISOString(),
      ...(troubled?.lastError ? { attempt: troubled.attempt, lastError: troubled.lastError } : {}),
      warnings: this.#warnings,
      cancellable: this.#cancellable,
    };
  }

  show(): void {
    setCurrentDetails(renderDetails(this.#job, this.progress()));
  }

  /** The last word: what the run came to. */
  end(outcome: Outcome, phase: string, bytes?: number): void {
    if (this.#job && !this.#identified) this.identify(this.#job);
    this.outcome(outcome, bytes);
    this.#waitingFor = undefined;
    this.#moving.clear();
    this.#ended = true;
    // It may have been the size of the last backup.
    if (outcome === 'succeeded' || outcome === 'warned') {
      this.#total = { artifacts: this.#total.artifacts };
    }
    this.enter(phase, false);
  }

  private publish(values: Partial<Record<keyof typeof SEARCH_ATTRIBUTES, string | number>>): void {
    if (!this.#job?.searchable) return;
    upsertSearchAttributes(
      Object.entries(values).map(([name, value]) =>
        searchAttribute(name as keyof typeof SEARCH_ATTRIBUTES, value),
      ),
    );
  }
}

function wordsOf({ code, message, subject }: Warning): string {
  return JSON.stringify([code, message, subject]);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function isFigures(value: unknown): value is Figures {
  if (typeof value !== 'object' || value === null) return false;
  const { activity, artifacts, bytes, attempt, product, lastError } = value as Record<
    keyof Figures,
    unknown
  >;
  return (
    typeof activity === 'string' &&
    [artifacts, bytes, attempt].every(
      (count) => Number.isSafeInteger(count) && Number(count) >= 0,
    ) &&
    [product, lastError].every((words) => words === undefined || typeof words === 'string')
  );
}
