import { CancellationScope } from '@temporalio/workflow';
import type { Warning } from './contract/progress.ts';

const LATE = {
  CANCELLED_AFTER_COMMIT: 'The cancel came after the commit, so the backup stays.',
  CANCELLED_AFTER_RESTORE: 'The cancel came when the restore was done, so what it restored stays.',
};

/** For the report of a run that had done its work before a cancel reached it. */
export function lateCancel(code: keyof typeof LATE): Warning[] {
  return CancellationScope.current().consideredCancelled ? [{ code, message: LATE[code] }] : [];
}
