import type { Operation } from '../../workflows/contract/names.ts';
import * as steps from '../faults/kill-steps.ts';
import type { Step } from '../support/death-wish.ts';
import type { World } from './world.ts';

const COPIES = [...steps.COPY, ...steps.COPY_INTO_S3];
const JOBS = [...Object.values(steps.BACKUP_JOB).flat(), ...steps.STOPPED_BACKUP_JOB];
/** Holdfast reads nothing of such a product. */
const COMMON = Object.values(steps.BACKUP)
  .flat()
  .filter((step) => !/transferPage|captureBackup/.test(step));

export const STEPS: World['steps'] = {
  backup: [
    ...COMMON,
    ...JOBS,
    ...JOBS,
    ...COPIES,
    'commitBackup answer 2',
    'commitBackup answer 4',
    'startBackupJob answer 3',
    'startBackupJob answer 5',
  ],
  restore: [
    ...(steps.RESTORE['while it plans'] ?? []),
    ...Object.values(steps.RESTORE_JOB).flat(),
    ...steps.STOPPED_RESTORE_JOB,
    ...JOBS,
    'stagePage answer 4',
    'startRestoreJob answer 3',
    'startRestoreJob answer 5',
    'finishRestoreJob answer 2',
    'stopRestoreJob link 1',
    'releaseLease before',
    'releaseLease after',
  ],
  verify: steps.VERIFY,
  copy: COPIES,
  delete: [
    ...steps.DELETE,
    ...steps.SPARED,
    'removeProductBackup answer 1',
    'removeProductBackup answer 3',
    'removeBackup answer 2',
    'condemnBackup answer 2',
  ],
};

const BEGUN: Partial<Record<Operation, readonly Step[]>> = {
  backup: [
    'startBackupJob answer 2',
    'startBackupJob answer 3',
    'startBackupJob answer 4',
    'startBackupJob after',
    'followBackupJob before',
    'followBackupJob answer 1',
    'followBackupJob after',
    'checkBackupJob answer 1',
    'checkBackupJob after',
    'commitBackup before',
    'commitBackup after',
  ],
  restore: [
    'startBackupJob after',
    'followBackupJob answer 1',
    'stagePage link 2',
    'stagePage after',
    'startRestoreJob answer 1',
    'startRestoreJob answer 2',
    'startRestoreJob answer 3',
    'startRestoreJob answer 4',
    'startRestoreJob after',
    'followRestoreJob before',
    'followRestoreJob answer 1',
    'followRestoreJob after',
    'proveRestoreJob before',
    'proveRestoreJob answer 2',
    'finishRestoreJob before',
    'finishRestoreJob unlink 1',
  ],
  copy: [
    'planCopy after',
    'copyPage before',
    'copyPage after',
    'commitCopy before',
    'copyPage answer 3',
  ],
  delete: ['condemnBackup after', 'removeProductBackup answer 1', 'removeProductBackup after'],
};

/** Where a cancel finds something that was created. */
export function begun(operation: Operation): readonly Step[] {
  return BEGUN[operation] ?? [];
}
