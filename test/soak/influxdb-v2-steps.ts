import type { Operation } from '../../workflows/contract/names.ts';
import * as steps from '../faults/kill-steps.ts';
import type { Step } from '../support/death-wish.ts';

/** Where workers may die or freeze. */
export const STEPS: Partial<Record<Operation, readonly Step[]>> = {
  backup: [...Object.values(steps.BACKUP).flat(), ...steps.UPLOADS, ...steps.CANCELLED_BACKUP],
  restore: [
    ...Object.values(steps.RESTORE).flat(),
    ...steps.WHOLE_RESTORE,
    ...steps.REPLACING_RESTORE,
    ...steps.CANCELLED_RESTORE,
  ],
  verify: steps.VERIFY,
  delete: [...steps.DELETE, ...steps.SPARED],
};

type Begun = Partial<Record<Operation, readonly Step[]>>;

const RESTORED: readonly Step[] = [
  'prepareRestore answer 3',
  'prepareRestore answer 4',
  'prepareRestore answer 6',
  'prepareRestore link 2',
  'prepareRestore after',
  'restorePage request 7',
  'restorePage answer 20',
  'restorePage after',
  'finishRestore before',
  'finishRestore answer 1',
  'finishRestore answer 2',
  'finishRestore answer 3',
  'finishRestore answer 4',
  'finishRestore answer 5',
  'finishRestore link 1',
  'finishRestore after',
];

const ON_DISK: Begun = {
  backup: [
    'openBackup link 2',
    'captureBackup link 3',
    'captureBackup after',
    'transferPage link 1',
    'transferPage link 6',
    'transferPage unlink 3',
    'transferPage after',
    'commitBackup link 1',
    'commitBackup link 2',
    'commitBackup unlink 2',
    'commitBackup after',
    'tidyBackup unlink 2',
  ],
  restore: [...RESTORED, 'planRestore link 3', 'lease after'],
  verify: ['planVerify after', 'verifyPage after', 'recordVerification link 1'],
  delete: ['condemnBackup link 1', 'condemnBackup after', 'removeBackup unlink 3'],
};

const ON_S3: Begun = {
  backup: [
    'openBackup answer 3',
    'captureBackup answer 4',
    'captureBackup after',
    'transferPage answer 9',
    'transferPage answer 20',
    'transferPage object 3',
    'transferPage part 2',
    'transferPage after',
    'commitBackup answer 1',
    'commitBackup answer 4',
    'commitBackup answer 6',
    'commitBackup after',
    'tidyBackup answer 2',
  ],
  restore: [...RESTORED, 'planRestore after', 'lease after'],
  verify: ['planVerify after', 'verifyPage after', 'recordVerification answer 1'],
  delete: ['condemnBackup answer 2', 'condemnBackup after', 'removeBackup answer 2'],
};

/** Those at which something has been created, or is about to be removed. */
export function begun(operation: Operation, target: string): readonly Step[] {
  return (target === 'metrics' || target === 'spare' ? ON_DISK : ON_S3)[operation] ?? [];
}
