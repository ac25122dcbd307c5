import type { FailureCode } from '../workflows/contract/failures.ts';

/** Permanent (docs/formats.md): scripts branch on them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  warned: 5,
  cancelled: 6,
  unreachable: 7,
  findings: 8,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Partial<Record<FailureCode, ExitCode>> = {
  INPUT_INVALID: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  TARGET_UNKNOWN: EXIT.notFound,
  STORE_UNKNOWN: EXIT.notFound,
  BACKUP_UNKNOWN: EXIT.notFound,
  SELECTION_EMPTY: EXIT.notFound,
  RUN_UNKNOWN: EXIT.notFound,
  SCHEDULE_UNKNOWN: EXIT.notFound,
  LOCK_HELD: EXIT.refused,
  CONFIRM_REQUIRED: EXIT.refused,
  TARGET_PROTECTED: EXIT.refused,
  BACKUP_NEEDED: EXIT.refused,
  DESTINATION_EXISTS: EXIT.refused,
  CANCELLED: EXIT.cancelled,
  TEMPORAL_UNREACHABLE: EXIT.unreachable,
  WORKER_MISSING: EXIT.unreachable,
};

export function exitCodeOf(code: FailureCode): ExitCode {
  return BY_CODE[code] ?? EXIT.failed;
}
