import type { Activities } from '../workflows/contract/activities.ts';
import { captureBackup } from './backup/capture-backup.ts';
import { commitBackup } from './backup/commit-backup.ts';
import { discardBackup } from './backup/discard-backup.ts';
import { openBackup } from './backup/open-backup.ts';
import { tidyBackup } from './backup/tidy-backup.ts';
import { transferPage } from './backup/transfer-page.ts';
import { cancelOwnWorkflow } from './locks/cancel-own-workflow.ts';
import { commitCopy } from './copy/commit-copy.ts';
import { copyPage } from './copy/copy-page.ts';
import { findCopyBackup } from './copy/find-copy-backup.ts';
import { planCopy } from './copy/plan-copy.ts';
import { resolveCopy } from './copy/resolve-copy.ts';
import { condemnBackup } from './delete/condemn-backup.ts';
import { findDeleteBackup } from './delete/find-delete-backup.ts';
import { removeBackup } from './delete/remove-backup.ts';
import { removeProductBackup } from './delete/remove-product-backup.ts';
import { resolveDelete } from './delete/resolve-delete.ts';
import { spareBackup } from './delete/spare-backup.ts';
import type { Dependencies } from './dependencies.ts';
import { findRestoreBackup } from './restore/find-restore-backup.ts';
import { findVerifyBackup } from './verify/find-verify-backup.ts';
import { checkBackupJob } from './jobs/check-backup-job.ts';
import { followBackupJob } from './jobs/follow-backup-job.ts';
import { startBackupJob } from './jobs/start-backup-job.ts';
import { stopBackupJobs } from './jobs/stop-backup-jobs.ts';
import { lease, releaseLease } from './locks/lease.ts';
import { lookAtLock, waitForLock } from './locks/locks.ts';
import { notify } from './notify/notify.ts';
import { preflight } from './backup/preflight.ts';
import { refusingReset } from './locks/refuse-reset.ts';
import { resolveBackup } from './backup/resolve-backup.ts';
import { resolveRestore } from './restore/resolve-restore.ts';
import { resolveVerify } from './verify/resolve-verify.ts';
import { finishRestoreJob } from './restore/delegated/finish-restore-job.ts';
import { followRestoreJob } from './restore/delegated/follow-restore-job.ts';
import { proveRestoreJob } from './restore/delegated/prove-restore-job.ts';
import { stagePage } from './restore/delegated/stage-page.ts';
import { startRestoreJob } from './restore/delegated/start-restore-job.ts';
import { stopRestoreJob } from './restore/delegated/stop-restore-job.ts';
import { finishRestore } from './restore/finish-restore.ts';
import { planRestore } from './restore/plan-restore.ts';
import { prepareRestore } from './restore/prepare-restore.ts';
import { restorePage } from './restore/restore-page.ts';
import { undoRestore } from './restore/undo-restore.ts';
import { planVerify } from './verify/plan-verify.ts';
import { recordVerification } from './verify/record-verification.ts';
import { verifyPage } from './verify/verify-page.ts';

/** Every activity, with what it needs. */
export function createActivities(deps: Dependencies): Activities {
  return refusingReset({
    resolveBackup: resolveBackup(deps),
    resolveRestore: resolveRestore(deps),
    resolveVerify: resolveVerify(deps),
    findRestoreBackup: findRestoreBackup(deps),
    findVerifyBackup: findVerifyBackup(deps),
    lookAtLock: lookAtLock(deps),
    waitForLock: waitForLock(deps),
    cancelOwnWorkflow: cancelOwnWorkflow(deps),
    notify: notify(deps),
    preflight: preflight(deps),
    openBackup: openBackup(deps),
    captureBackup: captureBackup(deps),
    transferPage: transferPage(deps),
    commitBackup: commitBackup(deps),
    tidyBackup: tidyBackup(deps),
    discardBackup: discardBackup(deps),
    startBackupJob: startBackupJob(deps),
    followBackupJob: followBackupJob(deps),
    checkBackupJob: checkBackupJob(deps),
    stopBackupJobs: stopBackupJobs(deps),
    resolveCopy: resolveCopy(deps),
    findCopyBackup: findCopyBackup(deps),
    planCopy: planCopy(deps),
    copyPage: copyPage(deps),
    commitCopy: commitCopy(deps),
    resolveDelete: resolveDelete(deps),
    findDeleteBackup: findDeleteBackup(deps),
    condemnBackup: condemnBackup(deps),
    spareBackup: spareBackup(deps),
    removeProductBackup: removeProductBackup(deps),
    removeBackup: removeBackup(deps),
    lease: lease(deps),
    releaseLease: releaseLease(deps),
    planRestore: planRestore(deps),
    prepareRestore: prepareRestore(deps),
    restorePage: restorePage(deps),
    finishRestore: finishRestore(deps),
    undoRestore: undoRestore(deps),
    stagePage: stagePage(deps),
    startRestoreJob: startRestoreJob(deps),
    followRestoreJob: followRestoreJob(deps),
    proveRestoreJob: proveRestoreJob(deps),
    finishRestoreJob: finishRestoreJob(deps),
    stopRestoreJob: stopRestoreJob(deps),
    planVerify: planVerify(deps),
    verifyPage: verifyPage(deps),
    recordVerification: recordVerification(deps),
  });
}
