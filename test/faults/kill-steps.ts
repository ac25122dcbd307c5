import type { Step } from '../support/death-wish.ts';

/** Where workers are killed, by what they are doing. Together: every activity, before and after its body and within. */

export const BACKUP: Record<string, Step[]> = {
  'before the first byte': [
    'resolveBackup before',
    'resolveBackup after',
    'lookAtLock before',
    'lookAtLock after',
    'preflight before',
    'preflight answer 1',
    'preflight after',
    'openBackup before',
    'openBackup link 1',
    'openBackup link 2',
    'openBackup after',
  ],
  'while it captures and streams': [
    'captureBackup before',
    'captureBackup answer 1',
    'captureBackup link 1',
    'captureBackup link 3',
    'captureBackup link 5',
    'captureBackup after',
    'transferPage before',
    'transferPage answer 9',
    'transferPage link 20',
    'transferPage unlink 3',
    'transferPage after',
  ],
  'while it commits': [
    'commitBackup before',
    // The official tool's manifest, the list of objects, the manifest: each time the next one.
    'commitBackup link 1',
    'commitBackup link 1',
    'commitBackup link 1',
    'commitBackup after',
    'tidyBackup before',
    'tidyBackup unlink 2',
    'tidyBackup after',
  ],
};

/** With parts of 5 MiB, into S3. */
export const UPLOADS: Step[] = [
  'transferPage request 6',
  'transferPage answer 9',
  'transferPage answer 14',
  'commitBackup answer 4',
  'tidyBackup answer 2',
];

export const RESTORE: Record<string, Step[]> = {
  'while it plans': [
    'resolveRestore before',
    'resolveRestore after',
    'findRestoreBackup before',
    'findRestoreBackup after',
    'lease before',
    'lease after',
    'planRestore before',
    'planRestore answer 1',
    'planRestore link 1',
    'planRestore link 3',
    'planRestore after',
  ],
  'while it restores': [
    'prepareRestore before',
    // While it looks again, at the note that it begins, then while it creates, and at what it created.
    'prepareRestore answer 3',
    'prepareRestore link 1',
    'prepareRestore answer 3',
    'prepareRestore link 1',
    'prepareRestore after',
    'restorePage before',
    'restorePage request 7',
    'restorePage answer 20',
    'restorePage after',
  ],
  'while it finishes': [
    'finishRestore before',
    'finishRestore answer 3',
    'finishRestore link 1',
    'finishRestore after',
    'releaseLease before',
    'releaseLease unlink 2',
    'releaseLease after',
  ],
};

export const VERIFY: Step[] = [
  'resolveVerify before',
  'resolveVerify after',
  'findVerifyBackup before',
  'findVerifyBackup after',
  'planVerify before',
  'planVerify link 1',
  'planVerify after',
  'verifyPage before',
  'verifyPage after',
  'recordVerification before',
  'recordVerification link 1',
  'recordVerification after',
];

export const CANCELLED_BACKUP: Step[] = [
  'waitForLock before',
  'waitForLock after',
  'cancelOwnWorkflow before',
  'cancelOwnWorkflow after',
  'discardBackup before',
  'discardBackup unlink 10',
  'discardBackup after',
];

export const CANCELLED_RESTORE: Step[] = [
  'undoRestore before',
  'undoRestore answer 3',
  'undoRestore after',
];
