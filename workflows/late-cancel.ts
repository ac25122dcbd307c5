import { CancellationScope } from '@temporalio/workflow';
import type { Warning } from './contract/progress.ts';

const LATE = {
  CANCELLED_AFTER_COMMIT:
    'The cancel came too late to keep the backup from its commit, so it stays.',
  CANCELLED_AFTER_RESTORE:
    'The cancel came too late to undo the restore, so what it restored stays.',
};

/** For the report of a run that had done its work before a cancel reached it. */
export function lateCancel(code: keyof typeof LATE): Warning[] {
  return CancellationScope.current().consideredCancelled ? [{ code, message: LATE[code] }] : [];
}
