import type { Attempt } from '../attempt/attempt.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/** A listing may cost a twentieth of the time at most. */
const SHARE = 20;
const AT_MOST_EVERY_MS = 5_000;

/** A product tells no figures of its job: what appears in its storage does. */
export class JobProgress {
  readonly #storage: Store;
  readonly #prefix: string;
  #next = 0;
  /** Changes whenever the listing does. */
  fingerprint = '';

  constructor(storage: Store, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  async look(at: Attempt, now = false): Promise<void> {
    const begun = Date.now();
    if (!now && begun < this.#next) return;
    let [artifacts, bytes] = [0, 0];
    try {
      for await (const object of this.#storage.list(this.#prefix, { signal: at.signal })) {
        artifacts += 1;
        bytes += object.bytes;
      }
      Object.assign(at.figures, { artifacts, bytes });
      this.fingerprint = `${artifacts}/${bytes}`;
    } catch (error) {
      // Figures are a hint: the job goes on, whatever this host sees of the storage.
      if (!(error instanceof HoldfastError) || at.signal.aborted) throw error;
    }
    this.#next = Date.now() + Math.max(AT_MOST_EVERY_MS, SHARE * (Date.now() - begun));
  }
}
