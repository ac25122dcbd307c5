import type { Activities } from '../workflows/contract/activities.ts';
import { captureBackup } from './backup/capture-backup.ts';
import { commitBackup } from './backup/commit-backup.ts';
import { discardBackup } from './backup/discard-backup.ts';
import { openBackup } from './backup/open-backup.ts';
import { tidyBackup } from './backup/tidy-backup.ts';
import { transferPage } from './backup/transfer-page.ts';
import { cancelOwnWorkflow } from './cancel-own-workflow.ts';
import type { Dependencies } from './dependencies.ts';
import { lease, releaseLease } from './lease.ts';
import { lookAtLock, waitForLock } from './locks.ts';
import { preflight } from './preflight.ts';
import { resolveBackup } from './resolve-backup.ts';
import { resolveRestore } from './resolve-restore.ts';
import { resolveVerify } from './resolve-verify.ts';
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
  return {
    resolveBackup: resolveBackup(deps),
    resolveRestore: resolveRestore(deps),
    resolveVerify: resolveVerify(deps),
    lookAtLock: lookAtLock(deps),
    waitForLock: waitForLock(deps),
    cancelOwnWorkflow: cancelOwnWorkflow(deps),
    preflight: preflight(deps),
    openBackup: openBackup(deps),
    captureBackup: captureBackup(deps),
    transferPage: transferPage(deps),
    commitBackup: commitBackup(deps),
    tidyBackup: tidyBackup(deps),
    discardBackup: discardBackup(deps),
    lease: lease(deps),
    releaseLease: releaseLease(deps),
    planRestore: planRestore(deps),
    prepareRestore: prepareRestore(deps),
    restorePage: restorePage(deps),
    finishRestore: finishRestore(deps),
    undoRestore: undoRestore(deps),
    planVerify: planVerify(deps),
    verifyPage: verifyPage(deps),
    recordVerification: recordVerification(deps),
  };
}
