/**
 * Every way a Holdfast operation can fail, once.
 *
 * `fault` says who can mend it. `retry` says how long Temporal tries its activity again, with a growing back-off.
 * The code is the `type` of Temporal's `ApplicationFailure` and is permanent: scripts and alerts match on it.
 */
export const FAILURES = {
  INPUT_INVALID: {
    fault: 'user',
    retry: 'never',
    hint: 'Correct the input and start the run again.',
  },
  CONFIG_INVALID: {
    fault: 'user',
    retry: 'never',
    hint: 'Correct the configuration file; `holdfast doctor` checks it.',
  },
  SECRET_MISSING: {
    fault: 'user',
    retry: 'never',
    hint: 'Set the variable or create the file on the host that runs the worker.',
  },
  TARGET_UNKNOWN: {
    fault: 'user',
    retry: 'never',
    hint: 'See the targets in the configuration file of the worker.',
  },
  STORE_UNKNOWN: {
    fault: 'user',
    retry: 'never',
    hint: 'See the stores in the configuration file of the worker.',
  },
  BACKUP_UNKNOWN: {
    fault: 'user',
    retry: 'never',
    hint: '`holdfast list` shows the backups there are.',
  },
  BACKUP_OF_OTHER_PRODUCT: {
    fault: 'user',
    retry: 'never',
    hint: 'Choose a destination of the same product as the backup.',
  },
  BACKUP_FORMAT_NEWER: {
    fault: 'user',
    retry: 'never',
    hint: 'Use a Holdfast at least as new as the one that wrote the backup.',
  },
  BACKUP_DAMAGED: {
    fault: 'store',
    retry: 'never',
    hint: 'Run `holdfast verify --deep` on it, and restore another backup.',
  },
  BACKUP_INCOMPLETE: {
    fault: 'holdfast',
    retry: 'never',
    hint: 'Nothing was committed; start the backup again and report this.',
  },
  BACKUP_NEEDED: {
    fault: 'user',
    retry: 'never',
    hint: 'Delete the backups that rest on it first.',
  },
  SELECTION_EMPTY: {
    fault: 'user',
    retry: 'never',
    hint: '`holdfast show --objects` lists what the backup holds.',
  },
  CONFIRM_REQUIRED: {
    fault: 'user',
    retry: 'never',
    hint: 'Look at the plan (`dryRun`), then pass `confirm` with the exact name of the destination.',
  },
  TARGET_PROTECTED: {
    fault: 'user',
    retry: 'never',
    hint: 'Remove `protected: true` from the destination if you mean it.',
  },
  LOCK_HELD: { fault: 'user', retry: 'never', hint: 'Wait for the other operation, or cancel it.' },
  DESTINATION_EXISTS: {
    fault: 'user',
    retry: 'never',
    hint: 'Choose `onConflict: rename` or `replace`, or give a new name with `rename`.',
  },
  DESTINATION_CHANGED: {
    fault: 'user',
    retry: 'never',
    hint: 'Somebody changed the destination during the restore; look at it and start again.',
  },
  DESTINATION_UNREADABLE: {
    fault: 'product',
    retry: 'never',
    hint: 'Stop influxd, move its `engine` away, start it, restore again; or restore by buckets.',
  },
  LOCK_LOST: {
    fault: 'user',
    retry: 'never',
    hint: 'Somebody ended the lock of the target by hand; start the run again.',
  },
  RUN_RESET: {
    fault: 'user',
    retry: 'never',
    hint: 'Start it again: `delete` and `copy` go on; `doctor --remove-leftovers` removes the rest.',
  },
  ENCRYPTION_UNUSABLE: {
    fault: 'user',
    retry: 'never',
    hint: 'Correct `encryption.recipients`; nothing is ever written unencrypted instead.',
  },
  IDENTITY_MISSING: {
    fault: 'user',
    retry: 'never',
    hint: 'Give `encryption.identity` on the host that restores.',
  },
  AUTH_REJECTED: {
    fault: 'user',
    retry: 'never',
    hint: 'Check the token or password named in the configuration.',
  },
  PERMISSION_MISSING: {
    fault: 'user',
    retry: 'never',
    hint: 'Use credentials with the rights that the message names.',
  },
  VERSION_UNSUPPORTED: { fault: 'user', retry: 'never', hint: 'Upgrade the server.' },
  WRONG_SERVER: {
    fault: 'user',
    retry: 'never',
    hint: 'Check `connection.url`: another program answers there.',
  },
  TLS_UNTRUSTED: {
    fault: 'user',
    retry: 'never',
    hint: 'Give the certificate authority with `connection.ca`, or mend the certificate.',
  },
  HOST_UNKNOWN: {
    fault: 'environment',
    retry: '10 times',
    hint: 'Check the host name in the configuration, and the name servers.',
  },
  TARGET_UNREACHABLE: {
    fault: 'environment',
    retry: 'for hours',
    hint: 'Check that the database runs and that this host reaches it.',
  },
  TARGET_BUSY: {
    fault: 'product',
    retry: 'for hours',
    hint: 'The database asks to be left alone for a while; the run goes on by itself.',
  },
  TARGET_ERROR: { fault: 'product', retry: 'for hours', hint: 'See the log of the database.' },
  TARGET_REFUSED: { fault: 'product', retry: 'never', hint: 'See the log of the database.' },
  JOB_NAME_TAKEN: {
    fault: 'product',
    retry: 'never',
    hint: 'The database has another backup of this name; the next round or run takes another one.',
  },
  JOB_FAILED: {
    fault: 'product',
    retry: 'never',
    hint: 'The database gave up its own job; see the log of the database.',
  },
  JOB_STUCK: {
    fault: 'product',
    retry: 'never',
    hint: 'See the log of the database; `timeouts.job` says how long its job may take.',
  },
  RESTORE_STATE_UNKNOWN: {
    fault: 'product',
    retry: 'never',
    hint: 'The database cannot say in what state it is; make the checks that the message names.',
  },
  COPY_OVERDUE: {
    fault: 'environment',
    retry: 'never',
    hint: 'The only bytes lie beside the database; run `holdfast copy` and see what keeps it.',
  },
  PRODUCT_STORAGE_MOVED: {
    fault: 'user',
    retry: 'never',
    hint: 'Name the first place in `connection` until the backup is copied, or move its objects.',
  },
  SOURCE_TRUNCATED: {
    fault: 'product',
    retry: 'for hours',
    hint: 'See the log of the database; a write time-out of its server cuts long downloads.',
  },
  SOURCE_GARBLED: {
    fault: 'product',
    retry: 'for hours',
    hint: 'See the log of the database: what it sent is not what it should be.',
  },
  SOURCE_STALLED: {
    fault: 'environment',
    retry: 'for hours',
    hint: 'Check the network and the load of the database.',
  },
  TOKEN_AFTER_RESTORE: {
    fault: 'user',
    retry: 'never',
    hint: 'Give an operator token of the restored server as `connection.tokenAfterRestore`.',
  },
  RESTORE_NOT_PROVEN: {
    fault: 'product',
    retry: 'never',
    hint: 'What came back differs from the backup; see the named parts, and the log of the database.',
  },
  STORE_UNREACHABLE: {
    fault: 'environment',
    retry: 'for hours',
    hint: 'Check that this host reaches the store.',
  },
  STORE_DENIED: {
    fault: 'user',
    retry: 'never',
    hint: '`holdfast doctor` tries every permission that the store must grant.',
  },
  STORE_BUCKET_MISSING: {
    fault: 'user',
    retry: 'never',
    hint: 'Create the bucket or directory, or correct its name; Holdfast does not create it.',
  },
  STORE_FULL: {
    fault: 'environment',
    retry: 'never',
    hint: 'Make room ("When the store is full" in docs/operations.md), then start the run again.',
  },
  STORE_ERROR: {
    fault: 'store',
    retry: 'for hours',
    hint: 'See the log or the status page of the store.',
  },
  STORE_REFUSED: {
    fault: 'store',
    retry: 'never',
    hint: '`holdfast doctor` shows what the store can and cannot do.',
  },
  STORE_STALLED: {
    fault: 'store',
    retry: 'for hours',
    hint: 'Check the network and the load of the store.',
  },
  CLOCK_SKEWED: {
    fault: 'environment',
    retry: 'for hours',
    hint: 'Set both clocks by NTP; `holdfast doctor` compares them.',
  },
  STORE_NOT_SHARED: {
    fault: 'user',
    retry: 'never',
    hint: 'Declare `shared: true` only if every host sees the same directory.',
  },
  OBJECT_EXISTS: {
    fault: 'holdfast',
    retry: 'never',
    hint: 'Objects are never overwritten; report this.',
  },
  OBJECT_MISSING: {
    fault: 'store',
    retry: 'never',
    hint: 'Run `holdfast verify` to see what else is missing.',
  },
  OBJECT_ARCHIVED: {
    fault: 'user',
    retry: 'never',
    hint: 'Have it brought back (S3: `restore-object`); keep lifecycle rules from archiving backups.',
  },
  OBJECT_DENIED: {
    fault: 'user',
    retry: 'never',
    hint: 'Give the file or folder to the user that runs the worker (`chown -R`).',
  },
  OBJECT_UNREADABLE: {
    fault: 'store',
    retry: 'never',
    hint: 'Look at the disk of the store and its log; restore another backup, move the others away.',
  },
  OBJECT_CHANGED: {
    fault: 'store',
    retry: 'never',
    hint: 'Something else writes where Holdfast reads; find out what, and take another backup.',
  },
  COMMIT_CONFLICT: {
    fault: 'holdfast',
    retry: 'never',
    hint: 'Another run has the same id; what it wrote stays. Start a new run.',
  },
  SPOOL_FULL: {
    fault: 'environment',
    retry: 'never',
    hint: 'Make room in the spool directory of the worker (TMPDIR).',
  },
  TOOL_MISSING: {
    fault: 'environment',
    retry: 'never',
    hint: 'Install the program that the message names, or name its executable in the variable.',
  },
  WORKER_SHUTDOWN: {
    fault: 'environment',
    retry: 'for hours',
    hint: 'The worker was stopped; another or the next one goes on.',
  },
  TEMPORAL_UNREACHABLE: {
    fault: 'environment',
    retry: 'never',
    hint: 'Start Temporal (`holdfast dev` brings its own), or correct its address.',
  },
  WORKER_MISSING: {
    fault: 'environment',
    retry: 'never',
    hint: 'Start `holdfast worker` (or `holdfast dev`).',
  },
  RUN_UNKNOWN: {
    fault: 'user',
    retry: 'never',
    hint: '`holdfast status` shows the runs there are.',
  },
  SCHEDULE_UNKNOWN: {
    fault: 'user',
    retry: 'never',
    hint: '`holdfast schedule list` shows the schedules there are.',
  },
  NOTIFY_FAILED: {
    fault: 'environment',
    retry: '5 minutes',
    hint: 'See whether the service behind the webhook works.',
  },
  NOTIFY_REFUSED: {
    fault: 'user',
    retry: 'never',
    hint: 'Check the address of the webhook, and what it accepts.',
  },
  CANCELLED: { fault: 'user', retry: 'never', hint: 'Start the run again when you want it.' },
  INTERNAL: {
    fault: 'holdfast',
    retry: '10 times',
    hint: 'This is a defect of Holdfast; please report it with the run id.',
  },
} as const satisfies Record<string, FailureKind>;

interface FailureKind {
  readonly fault: 'user' | 'product' | 'store' | 'holdfast' | 'environment';
  /**
   * `never`: it ends the run at once, or arises outside of any run. `10 times`: it rarely heals, and yet may (a defect
   * that the next version mends, a name that is not known yet); a person should hear of it tonight.
   */
  readonly retry: 'never' | '10 times' | '5 minutes' | 'for hours';
  readonly hint: string;
}

export type FailureCode = keyof typeof FAILURES;

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(FAILURES, value);
}
