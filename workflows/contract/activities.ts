import type { Operation } from './names.ts';
import type { Notice } from './notice.ts';
import type {
  BackupReport,
  BackupRequest,
  CopyReport,
  CopyRequest,
  DeleteRequest,
  Finding,
  RestorePlan,
  RestoreRequest,
  VerifyRequest,
} from './operations.ts';
import type { Warning } from './progress.ts';
import type { SecretReference, TargetSnapshot } from './snapshot.ts';

/**
 * What the workflows ask of the world. The workflows own this interface; `activities/` implements it.
 *
 * Guarantees that every implementation gives: an activity may run twice, or beside a late attempt of itself, without
 * harm; it heartbeats from its first second; it ends within a second of its cancellation; it returns only small
 * things, never a secret; it fails with a code of `failures.ts`; it does nothing with a job of another run, which only a
 * run has that was reset.
 */
export interface Activities {
  /** Checks the input and turns names into snapshots. Fails at once with one sentence when either is wrong. */
  resolveBackup(request: { input: BackupRequest; scheduledAt?: string }): Promise<BackupJob>;
  resolveRestore(request: { input: RestoreRequest }): Promise<RestoreJob>;
  resolveVerify(request: { input: VerifyRequest }): Promise<VerifyJob>;
  /** Puts the id of a backup in the place of what was asked for (`latest`, or an id that may not exist). */
  findRestoreBackup(job: RestoreJob): Promise<RestoreJob>;
  findVerifyBackup(job: VerifyJob): Promise<VerifyJob>;
  findCopyBackup(job: CopyJob): Promise<CopyJob>;
  /** Also one whose deletion has begun. */
  findDeleteBackup(job: DeleteJob): Promise<DeleteJob>;

  /** Who holds the lock, and how its last holder ended. */
  lookAtLock(request: { lock: string; heartbeatMs: number }): Promise<LockState>;
  /** Looks until the lock is free or the time is over. */
  waitForLock(request: { lock: string; heartbeatMs: number; waitMs: number }): Promise<LockState>;
  /** Asks Temporal to cancel the caller's own workflow, so that the signal and the native cancellation are one thing. */
  cancelOwnWorkflow(): Promise<void>;

  /** Posts how a run ended to one webhook. */
  notify(request: { webhook: SecretReference; notice: Notice }): Promise<void>;

  /** Reachable, allowed, version, known defects. */
  preflight(request: {
    snapshot: TargetSnapshot;
    purpose: 'backup' | 'restore';
    /** Of a restore: the target that the backup is of. */
    source?: TargetSnapshot | undefined;
  }): Promise<Preflight>;

  /** Claims the backup's prefix (`work/run.json`) and proves that encryption works, before the first byte. */
  openBackup(job: BackupJob): Promise<void>;
  /** Takes the parts that must be taken at once (metadata), and writes the plan of the rest to the store. */
  captureBackup(job: BackupJob): Promise<PlanSummary>;
  /** Streams one page of the plan into the store, and leaves its receipt there. */
  transferPage(request: PageRequest<BackupJob>): Promise<PageTotals>;
  /** Checks that everything planned is there and whole, and writes the manifest: once, last. */
  commitBackup(request: { job: BackupJob; preflight: Preflight }): Promise<BackupReport>;
  /** Removes plan and receipts of a committed backup. */
  tidyBackup(job: BackupJob): Promise<void>;
  /**
   * Removes everything of a backup that was not committed. Leaves a committed one alone, and says so, unless some of it has
   * been removed before. Warns of what goes on at the product nevertheless.
   */
  discardBackup(
    job: BackupJob & { begun?: boolean },
  ): Promise<{ committed: BackupReport | null; warnings?: Warning[] }>;

  /**
   * Delegated: has the product begin its own backup, under a name of this round, or finds what an attempt began.
   * `identity`: what the preflight has found there.
   */
  startBackupJob(request: { job: BackupJob; round: number; identity?: string }): Promise<void>;
  /** Asks the product until its job has ended. Fails when it is stuck. */
  followBackupJob(request: { job: BackupJob; round: number }): Promise<JobEnd>;
  /** Checks that everything the product claims to have written is there, and lists it in the store. */
  checkBackupJob(request: { job: BackupJob; round: number }): Promise<PlanSummary>;
  /**
   * Stops every round's job of a backup that is not committed, waits until it is quiet, removes what it wrote.
   * `begun`: it was not committed.
   */
  stopBackupJobs(job: BackupJob): Promise<{ warnings: Warning[]; begun?: boolean }>;

  /** Delegated: what the copy into the Holdfast store will move. */
  resolveCopy(request: { input: CopyRequest }): Promise<CopyJob>;
  planCopy(job: CopyJob): Promise<PlanSummary>;
  copyPage(request: { job: CopyJob; page: number }): Promise<PageTotals>;
  /** Checks that everything is in the Holdfast store and whole, and writes `collected.json`: once, last. */
  commitCopy(job: CopyJob): Promise<CopyReport>;

  resolveDelete(request: { input: DeleteRequest }): Promise<DeleteJob>;
  /** Makes it no longer a backup, once nobody reads it and no other backup needs it. */
  condemnBackup(job: DeleteJob): Promise<void>;
  /** Of a deletion that removed nothing: makes it a backup again, unless another run had condemned it. */
  spareBackup(job: DeleteJob): Promise<void>;
  /** Delegated: removes everything that the product wrote for it, and nothing else. */
  removeProductBackup(job: DeleteJob): Promise<void>;
  /** Removes it from the Holdfast store; what says that it is no backup goes last. */
  removeBackup(job: DeleteJob): Promise<{ objects: number; bytes: number }>;

  /** Announces a reader of a backup, so that nothing removes it; repeated while the reader lives. */
  lease(request: { job: ReadJob; operation: Operation }): Promise<void>;
  /** With `keepWork`, what the run kept beside the backup stays: a person may need it to clear up. */
  releaseLease(request: { job: ReadJob; keepWork?: boolean }): Promise<void>;

  /** What the restore will do. Writes its pages to the store; changes nothing at the destination. */
  planRestore(job: RestoreJob): Promise<{ plan: RestorePlan; pages: number[] }>;
  /** Creates what the artifacts go into. */
  prepareRestore(job: RestoreJob): Promise<void>;
  /** Restores one page of artifacts and proves each: reads it back and compares it with the backup. */
  restorePage(request: PageRequest<RestoreJob>): Promise<RestoreTotals>;
  /** Makes the proven restore visible under its final names, and writes the proof. */
  finishRestore(request: {
    job: RestoreJob;
    totals: RestoreTotals;
  }): Promise<{ restored: string[]; warnings: Warning[] }>;
  /** Removes what an unfinished restore created, or gives it a name that nobody takes for good. */
  undoRestore(request: { job: RestoreJob; keep: boolean }): Promise<Undone>;

  /** Delegated: puts one page of objects back where the product expects them, unless they are there already. */
  stagePage(request: PageRequest<RestoreJob>): Promise<PageTotals>;
  startRestoreJob(job: RestoreJob): Promise<void>;
  followRestoreJob(job: RestoreJob): Promise<JobEnd>;
  /** Compares what came back with what the backup recorded. */
  proveRestoreJob(job: RestoreJob): Promise<{ totals: RestoreTotals; warnings: Warning[] }>;
  /** Makes what is left to do after the proof, writes the proof, and removes what was put there for the product. */
  finishRestoreJob(request: {
    job: RestoreJob;
    totals: RestoreTotals;
  }): Promise<{ restored: string[]; warnings: Warning[] }>;
  /** Stops the product's restore, waits until it is quiet, undoes it, and removes what was put there for it. */
  stopRestoreJob(request: { job: RestoreJob; keep: boolean }): Promise<Undone>;

  /** Cuts the backup's objects into pages and looks at the manifest itself. */
  planVerify(job: VerifyJob): Promise<VerifyPlan>;
  verifyPage(request: PageRequest<VerifyJob>): Promise<VerifyTotals>;
  recordVerification(request: {
    job: VerifyJob;
    totals: VerifyTotals;
    /** It ended before it had looked at everything. */
    unfinished?: boolean;
  }): Promise<void>;
}

/** What every job carries. */
export interface Job {
  snapshot: TargetSnapshot;
  /** When a worker took the run up, RFC 3339. */
  startedAt: string;
  /** Whether the search attributes are registered: setting an unknown one would stop the workflow for ever. */
  searchable: boolean;
  warnings: Warning[];
}

export interface BackupJob extends Job {
  backup: string;
  run: { workflowId: string; runId: string; namespace: string; cluster: string };
  scheduledAt?: string;
  note: string | null;
  tags: Record<string, string>;
  /** Delegated: rests on no earlier backup. */
  full?: boolean;
  /** Before a restore: the target whose credentials an earlier restore may have brought along. */
  source?: TargetSnapshot;
}

/** A job that reads a committed backup of `snapshot.target`. */
export interface ReadJob extends Job {
  backup: string;
  run: BackupJob['run'];
}

export interface RestoreJob extends ReadJob {
  destination: TargetSnapshot;
  request: RestoreRequest;
  /** The id under which the destination is backed up first, when it is. */
  safety: BackupJob;
}

export interface VerifyJob extends ReadJob {
  depth: 'quick' | 'deep';
}

export interface CopyJob extends ReadJob {
  run: BackupJob['run'];
}

export interface DeleteJob extends Job {
  backup: string;
  run: BackupJob['run'];
  /** Delegated: the name under which the product knows it. */
  product?: string;
  /** Delegated: which database has it. Absent in a run of an older version. */
  identity?: string;
}

export interface PageRequest<J> {
  job: J;
  page: number;
  /** How many at a time: its share of what the target allows. Absent in a run of an older version. */
  streams?: number;
}

/** How a product's own job ended. */
export interface JobEnd {
  state: 'succeeded' | 'failed' | 'cancelled' | 'absent';
  /** The product's own words. */
  words: string;
}

export interface LockState {
  holder: { workflowId: string; operation: string; since: string } | null;
  /**
   * How long to leave the target alone: the last holder was terminated or timed out, and its activities may run on
   * until their next heartbeat. Milliseconds, mostly 0.
   */
  fenceMs: number;
}

export interface LockHolder {
  operation: Operation;
  workflowId: string;
  since: string;
}

export interface Preflight {
  version: string;
  /** What makes this server instance itself, as far as the product tells. */
  identity: string;
  warnings: Warning[];
}

export interface PlanSummary {
  /** How many artifacts each page holds. */
  pages: number[];
  artifacts: number;
  /** Expected plain bytes, from the product or from the predecessor. */
  bytes?: number;
  /** Already stored while planning. */
  stored: PageTotals;
  warnings: Warning[];
}

export interface PageTotals {
  artifacts: number;
  bytes: number;
}

export interface RestoreTotals extends PageTotals {
  identical: number;
  equivalent: number;
  /** Restored twice and still different: at most the first 20, and how many in all. */
  failed: { subjects: string[]; count: number };
  /** What could not be proven of some; absent where there is nothing to say. */
  warnings?: Warning[];
}

export interface Undone {
  removed: string[];
  quarantined: string[];
  /** What was there before, was dropped to be replaced, and is not there now. */
  lost?: string[];
  /** The product cannot say in what state it is: the checks that a person must make. */
  unknown?: string;
}

export interface VerifyPlan {
  /** How many objects each page holds. */
  pages: number[];
  objects: number;
  bytes: number;
  /** About the manifest itself; with any, there may be no pages. */
  findings: Finding[];
  warnings?: Warning[];
}

export interface VerifyTotals {
  objects: number;
  bytes: number;
  onlyHashed: number;
  /** At most the first 100. */
  findings: Finding[];
  findingsCount: number;
  warnings?: Warning[];
}
