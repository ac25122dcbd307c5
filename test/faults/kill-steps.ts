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

export const TOLD: Step[] = ['notify before', 'notify answer 1', 'notify after'];

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
    // While it looks again, at the note that it begins, then while it creates, and at what it created; each attempt
    // leaves its mark before.
    'prepareRestore answer 3',
    'prepareRestore link 2',
    'prepareRestore answer 3',
    'prepareRestore link 2',
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

/** Of everything a server has: a backup of what is there goes before. */
export const WHOLE_RESTORE: Step[] = [
  'captureBackup answer 1',
  'transferPage after',
  'commitBackup link 1',
  'commitBackup after',
  'prepareRestore before',
  'prepareRestore request 4',
  // The metadata are replaced, and nobody has noted it.
  'prepareRestore answer 6',
  'prepareRestore answer 6',
  'prepareRestore after',
  'restorePage answer 20',
  'finishRestore before',
  'finishRestore answer 2',
  'finishRestore after',
];

/** Beside what is there, and then into its place. */
export const REPLACING_RESTORE: Step[] = [
  'prepareRestore answer 4',
  'prepareRestore after',
  'restorePage answer 20',
  'finishRestore answer 3',
  'finishRestore answer 4',
  'finishRestore answer 5',
  'finishRestore after',
];

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

/** Of a product that writes its backups by itself. */
export const BACKUP_JOB: Record<string, Step[]> = {
  'while the product begins': [
    'startBackupJob before',
    'startBackupJob answer 1',
    'startBackupJob link 1',
    'startBackupJob answer 2',
    'startBackupJob after',
    'followBackupJob before',
    'followBackupJob answer 1',
    'followBackupJob after',
  ],
  'while it is checked and committed': [
    'checkBackupJob before',
    'checkBackupJob answer 1',
    'checkBackupJob link 1',
    'checkBackupJob link 1',
    'checkBackupJob after',
    // The product's objects, the list of our own, the manifest: each time the next one.
    'commitBackup link 1',
    'commitBackup link 1',
    'commitBackup link 1',
  ],
};

export const COPY: Step[] = [
  'resolveCopy before',
  'resolveCopy after',
  'findCopyBackup before',
  'findCopyBackup after',
  'planCopy before',
  'planCopy link 1',
  'planCopy link 2',
  'planCopy after',
  'copyPage before',
  'copyPage link 2',
  'copyPage link 3',
  'copyPage after',
  'commitCopy before',
  'commitCopy link 1',
  'commitCopy link 1',
  'commitCopy unlink 1',
  'commitCopy after',
];

/** Of three objects of two parts each, and four small ones: by the store itself, or through the worker. */
export const COPY_INTO_S3: Step[] = ['copyPage object 2', 'copyPage part 4', 'commitCopy answer 8'];

export const RESTORE_JOB: Record<string, Step[]> = {
  'while the objects are put back': [
    'stagePage before',
    'stagePage link 1',
    'stagePage link 2',
    'stagePage link 1',
    'stagePage after',
    'startRestoreJob before',
    'startRestoreJob answer 1',
    'startRestoreJob link 1',
    'startRestoreJob link 1',
    'startRestoreJob after',
  ],
  'while the product restores': [
    'followRestoreJob before',
    'followRestoreJob answer 1',
    'followRestoreJob after',
    'proveRestoreJob before',
    'proveRestoreJob answer 2',
    'proveRestoreJob after',
    'finishRestoreJob before',
    'finishRestoreJob link 1',
    'finishRestoreJob unlink 3',
    'finishRestoreJob after',
  ],
};

export const STOPPED_BACKUP_JOB: Step[] = [
  'stopBackupJobs before',
  'stopBackupJobs answer 1',
  'stopBackupJobs answer 2',
  'stopBackupJobs unlink 1',
  'stopBackupJobs after',
];

export const STOPPED_RESTORE_JOB: Step[] = [
  'stopRestoreJob before',
  'stopRestoreJob answer 1',
  'stopRestoreJob answer 2',
  'stopRestoreJob unlink 2',
  'stopRestoreJob after',
];

export const DELETE: Step[] = [
  'resolveDelete before',
  'resolveDelete after',
  'findDeleteBackup before',
  'findDeleteBackup after',
  'condemnBackup before',
  'condemnBackup link 1',
  'condemnBackup after',
  'removeProductBackup before',
  'removeProductBackup unlink 2',
  'removeProductBackup after',
  'removeBackup before',
  'removeBackup unlink 3',
  'removeBackup after',
];

export const SPARED: Step[] = ['spareBackup before', 'spareBackup after'];
