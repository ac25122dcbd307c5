import type { LockState } from './contract/activities.ts';

/** Thrown where a lock stays held; ends a scheduled run as skipped, and fails one that a person started. */
export class LockHeld extends Error {
  readonly lock: string;
  readonly holder: NonNullable<LockState['holder']>;

  constructor(lock: string, holder: NonNullable<LockState['holder']>) {
    super(
      `The lock ${lock} is held by ${holder.workflowId} (${holder.operation}, since ${holder.since}).`,
    );
    this.name = 'LockHeld';
    this.lock = lock;
    this.holder = holder;
  }
}
