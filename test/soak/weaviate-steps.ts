import type { Operation } from '../../workflows/contract/names.ts';
import * as steps from '../faults/kill-steps.ts';
import type { Step } from '../support/death-wish.ts';
import type { World } from './world.ts';

export const STEPS: World['steps'] = {
  backup: [
    ...(steps.BACKUP['before the first byte'] ?? []),
    ...Object.values(steps.BACKUP_JOB).flat(),
    ...steps.STOPPED_BACKUP_JOB,
    ...steps.COPY,
    'waitForLock before',
    'waitForLock after',
    'discardBackup before',
    'discardBackup unlink 2',
    'commitBackup answer 3',
    'tidyBackup unlink 1',
    'tidyBackup after',
  ],
  restore: [
    ...(steps.RESTORE['while it plans'] ?? []),
    ...Object.values(steps.RESTORE_JOB).flat(),
    ...steps.STOPPED_RESTORE_JOB,
    'startRestoreJob answer 3',
    'startRestoreJob answer 5',
    'followBackupJob before',
    'commitBackup link 2',
    'releaseLease before',
    'releaseLease after',
  ],
  verify: steps.VERIFY,
  delete: [...steps.DELETE, ...steps.SPARED],
  copy: steps.COPY,
};

const BEGUN: World['steps'] = {
  backup: [
    'startBackupJob answer 2',
    'startBackupJob answer 3',
    'startBackupJob after',
    'followBackupJob before',
    'followBackupJob answer 1',
    'followBackupJob after',
    'checkBackupJob answer 1',
    'checkBackupJob after',
    'commitBackup before',
    'commitBackup link 1',
    'commitBackup answer 2',
    'commitBackup after',
  ],
  restore: [
    'stagePage link 1',
    'stagePage after',
    'startRestoreJob answer 1',
    'startRestoreJob answer 2',
    'startRestoreJob answer 3',
    'startRestoreJob answer 5',
    'startRestoreJob after',
    'followRestoreJob before',
    'followRestoreJob answer 1',
    'followRestoreJob after',
    'proveRestoreJob answer 2',
    'proveRestoreJob after',
    'finishRestoreJob before',
    'finishRestoreJob unlink 1',
    'commitBackup after',
  ],
  copy: ['planCopy after', 'copyPage link 2', 'copyPage after', 'commitCopy link 1'],
  delete: ['condemnBackup after', 'removeProductBackup unlink 1', 'removeBackup unlink 1'],
  verify: ['planVerify after', 'verifyPage before'],
};

const ON_DISK = /^(commitBackup|copyPage|commitCopy|removeBackup) (un)?link/;
const INTO_S3 = /^commitBackup answer/;

/** A cancel that comes then has something to remove. */
export function begun(operation: Operation, target: string): readonly Step[] {
  const strange = target === 'articles' ? INTO_S3 : ON_DISK;
  return (BEGUN[operation] ?? []).filter((step) => operation === 'restore' || !strange.test(step));
}
