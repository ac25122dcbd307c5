import type { Contents } from './world.ts';

/** A backup that a run called done. */
export interface KnownBackup {
  id: string;
  target: string;
  /** What its source held when it was taken. */
  contents: Contents;
  /** A deletion was asked for: until one is done, it may be there or not. */
  doubtful: boolean;
  /** A copy of what the product wrote was called done. */
  copied: boolean;
}

/** Every backup that somebody relies on, oldest first. */
export class Ledger {
  /** Ends of the ids of runs that could not clean up, and said so or were not let: `doctor` can. */
  readonly left = new Set<string>();
  /** Run ids of the copies that were seen to their ends. */
  readonly copies = new Set<string>();
  readonly #known = new Map<string, KnownBackup>();

  add(id: string, target: string, contents: Contents): void {
    this.#known.set(id, { id, target, contents, doubtful: false, copied: false });
  }

  remove(id: string): void {
    this.#known.delete(id);
  }

  get(id: string): KnownBackup | undefined {
    return this.#known.get(id);
  }

  /**
   * @param pick from 0, the oldest, to 1
   * @param needed of fewer than so many, none is given
   */
  pick(target: string, pick: number, needed: number): KnownBackup | undefined {
    const own = this.all().filter((one) => one.target === target && !one.doubtful);
    if (own.length < needed) return undefined;
    return own[Math.floor(pick * own.length)];
  }

  all(): KnownBackup[] {
    return [...this.#known.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
