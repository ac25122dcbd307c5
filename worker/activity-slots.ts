import type {
  ActivitySlotInfo,
  CustomSlotSupplier,
  SlotMarkUsedContext,
  SlotPermit,
  SlotReleaseContext,
} from '@temporalio/worker';
import type { Activities } from '../workflows/contract/activities.ts';

/** Those that only look again and again until something changes. */
const WAITING: readonly string[] = [
  'waitForLock',
  'followBackupJob',
  'followRestoreJob',
] satisfies (keyof Activities)[];
/** Beyond so many even waiting costs, and takes up what work needs. */
const MOST_WAITING = 1_000;

interface Permit extends SlotPermit {
  waiting: boolean;
}

/**
 * Bounds the activities that work. Those that wait do not count: else the runs that wait for a lock would take up the very
 * slots that its holder, or a cancel of theirs, needs to go on.
 */
export class ActivitySlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  readonly #limit: number;
  readonly #queue: (() => void)[] = [];
  #working = 0;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async reserveSlot(_: unknown, abort: AbortSignal): Promise<SlotPermit> {
    abort.throwIfAborted();
    return (
      this.tryReserveSlot() ??
      new Promise((resolve, reject) => {
        const give = () => {
          abort.removeEventListener('abort', leave);
          resolve(this.#permit());
        };
        const leave = () => {
          this.#queue.splice(this.#queue.indexOf(give), 1);
          reject(abort.reason as Error);
        };
        this.#queue.push(give);
        abort.addEventListener('abort', leave, { once: true });
      })
    );
  }

  tryReserveSlot(): SlotPermit | null {
    return this.#working < this.#limit ? this.#permit() : null;
  }

  markSlotUsed({ slotInfo, permit }: SlotMarkUsedContext<ActivitySlotInfo>): void {
    if (!WAITING.includes(slotInfo.activityType) || this.#waiting >= MOST_WAITING) return;
    (permit as Permit).waiting = true;
    this.#waiting += 1;
    this.#free();
  }

  releaseSlot({ permit }: SlotReleaseContext<ActivitySlotInfo>): void {
    if ((permit as Permit).waiting) this.#waiting -= 1;
    else this.#free();
  }

  #permit(): Permit {
    this.#working += 1;
    return { waiting: false };
  }

  #free(): void {
    this.#working -= 1;
    if (this.#working < this.#limit) this.#queue.shift()?.();
  }
}
