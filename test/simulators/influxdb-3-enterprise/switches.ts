import { namedSwitch, springs } from '../trap.ts';

/**
 * When a fault strikes: never, always, the next so many times, or only at what is named: calls of the API
 * (`startBackup`, `ping`…) or names of backups, as the switch says. Counts go down as it strikes.
 */
export type Trap = boolean | number | { at: string[]; times?: number };

/** Everything the simulator can do wrong, and every matter on which nothing is published or the documents disagree. */
export interface Switches {
  // Of any call; `at` names calls.
  /** 503. */
  unavailable: Trap;
  /** 500. */
  internalError: Trap;
  /** 429. */
  tooManyRequests: Trap;
  /** The connection is closed, and nothing was done. */
  connectionLost: Trap;
  /** It is done, and the connection is closed in the place of the answer. */
  answerLost: Trap;
  /** Never answered, and nothing is done. */
  silent: Trap;
  /** It is done, and the answer has its status and no body. */
  emptyBody: Trap;
  /** Answers without a Content-Type. */
  noContentType: Trap;
  /** 401, as when the token was revoked. */
  tokenRevoked: Trap;
  /** 401 and 403 have no body. */
  emptyRefusal: Trap;
  /** Answers without `cluster-uuid`. */
  noClusterUuid: Trap;
  /** Milliseconds by which the server's clock is ahead, or behind. */
  clockMs: number;

  // Of the roles of nodes.
  /** Where the engine is absent, the prose of the documents says 404 or 503 by role, the specification 503. */
  absence: 'prose' | 'openapi';
  /** Whether an admin user may list and start backups and start restores. */
  adminUsers: 'openapi' | 'prose';

  /** Jobs go no further while it is on; they can be cancelled. */
  held: boolean;

  // Of backups; `at` names them.
  /** How long a backup takes. */
  backupMs: number;
  /** It takes what is there when it ends, not what was there when it began. */
  capturesLate: boolean;
  backupFails: Trap;
  /** The compactor dies in the middle: `in_progress` for ever. */
  backupHangs: Trap;
  /** A job of another name may run at the same time. */
  concurrentBackups: boolean;
  /** What `force` does to a running backup of the name. */
  forceOnRunning: 'conflict' | 'restarts';
  cancelledBackup: 'failed' | 'vanishes' | 'completed';
  /** A backup that failed or was cancelled leaves its objects. */
  leftovers: boolean;
  /** What a restart of the compactor makes of a running job. */
  restartedJob: 'stuck' | 'failed';
  /** A status that no document knows, in the place of `in_progress`. */
  unknownStatus: Trap;
  /** `complete`, as the documents once had it, in the place of `completed`. */
  formerStatus: Trap;
  /** How an absent `completed_at` is told. */
  completedAt: 'documented' | 'absent' | 'null';
  /** Times without fractions of a second. */
  wholeSeconds: boolean;
  /** After it is complete, one of its objects is gone, cut or emptied. */
  objectMissing: Trap;
  objectCut: Trap;
  objectEmpty: Trap;
  /** Whether the backup's own description lies beside its files, and counts as one. */
  description: 'counted' | 'uncounted' | 'none';
  /** DELETE of a backup: 409, as when incremental ones rest on it. */
  chainConflict: Trap;
  /** POST takes `type: incremental` with `parent`, as the command does; lists do not show it. */
  incrementals: boolean;
  /** When a backup is known again whose objects were put back. */
  putBack: 'at once' | 'after restart' | 'never';

  // Of restores; `at` names backups.
  restoreMs: number;
  restoreFails: Trap;
  restoreHangs: Trap;
  /** A list leaves it out while it runs. */
  restoreUnlisted: Trap;
  /** POST: 503, the lease could not be acquired. */
  leaseHeld: Trap;
  unknownBackup: '404' | '400' | 'fails later';
  cancelledRestore: 'failed' | 'vanishes' | 'completed';
  /** What a failed or cancelled restore leaves of the data. */
  brokenRestore: 'untouched' | 'half';
  /** It is `completed`, and nothing was changed. */
  restoreIgnored: Trap;
  /** Rows of one table do not come back. */
  restoreLosesRows: Trap;
  /** Rows written after the backup stay. */
  restoreKeepsNewer: Trap;
  /** 500 to a query of a table, as when one of its files is missing; `at` names `database/table`. */
  tableUnreadable: Trap;
  /** 504 to a query that counts on conditions, as when a proxy gives up on a slow one; `at` names databases. */
  conditionsSlow: Trap;
  /** Whether the table of tables has a column with the retention of each, which is not published. */
  tableRetention: 'shown' | 'hidden';
  /** How long queries still see what was there before a restore. */
  queryLagMs: number;
  /** Row deletes made after the backup persist across the restore (a known defect). */
  deletesPersist: boolean;
  /** Tokens are a part of the catalog, and go back with it. */
  tokensRolledBack: boolean;
  /** Whether the restored catalog brings its own identity. */
  uuidFromBackup: boolean;
}

export const QUIET: Switches = {
  unavailable: false,
  internalError: false,
  tooManyRequests: false,
  connectionLost: false,
  answerLost: false,
  silent: false,
  emptyBody: false,
  noContentType: false,
  tokenRevoked: false,
  emptyRefusal: false,
  noClusterUuid: false,
  clockMs: 0,
  absence: 'prose',
  adminUsers: 'openapi',
  held: false,
  backupMs: 120,
  capturesLate: false,
  backupFails: false,
  backupHangs: false,
  concurrentBackups: false,
  forceOnRunning: 'conflict',
  cancelledBackup: 'failed',
  leftovers: true,
  restartedJob: 'stuck',
  unknownStatus: false,
  formerStatus: false,
  completedAt: 'documented',
  wholeSeconds: true,
  objectMissing: false,
  objectCut: false,
  objectEmpty: false,
  description: 'counted',
  chainConflict: false,
  incrementals: false,
  putBack: 'at once',
  restoreMs: 120,
  restoreFails: false,
  restoreHangs: false,
  restoreUnlisted: false,
  leaseHeld: false,
  unknownBackup: '404',
  cancelledRestore: 'failed',
  brokenRestore: 'half',
  restoreIgnored: false,
  restoreLosesRows: false,
  restoreKeepsNewer: false,
  tableUnreadable: false,
  conditionsSlow: false,
  tableRetention: 'shown',
  queryLagMs: 0,
  deletesPersist: true,
  tokensRolledBack: true,
  uuidFromBackup: true,
};

/** What may be chosen; the first is the default. */
const CHOICES: Record<string, readonly string[]> = {
  absence: ['prose', 'openapi'],
  adminUsers: ['openapi', 'prose'],
  forceOnRunning: ['conflict', 'restarts'],
  cancelledBackup: ['failed', 'vanishes', 'completed'],
  restartedJob: ['stuck', 'failed'],
  completedAt: ['documented', 'absent', 'null'],
  description: ['counted', 'uncounted', 'none'],
  putBack: ['at once', 'after restart', 'never'],
  unknownBackup: ['404', '400', 'fails later'],
  cancelledRestore: ['failed', 'vanishes', 'completed'],
  tableRetention: ['shown', 'hidden'],
  brokenRestore: ['untouched', 'half'],
};

/** The switches that are traps; plain yes-or-no matters can be asked in the same way. */
export type Fault = {
  [K in keyof Switches]: Extract<Switches[K], boolean> extends never ? never : K;
}[keyof Switches];

/** Whether the fault strikes now; counts down. */
export function strikes(switches: Switches, name: Fault, subject = ''): boolean {
  return springs(switches, name, subject);
}

/**
 * `backupFails`, `backupFails=2`, `answerLost=@startBackup,ping`, `backupMs=500`, `absence=openapi`, `leftovers=off`:
 * as the command line and the control endpoint take them.
 */
export function parseSwitch(text: string): Partial<Switches> {
  const { name, value } = namedSwitch(QUIET, text);
  const choices = CHOICES[name];
  if (choices) {
    if (value !== undefined && choices.includes(value)) return { [name]: value };
    throw new Error(`${name} is one of: ${choices.join(', ')}.`);
  }
  if (value === undefined) return { [name]: true };
  if (value === 'off') return { [name]: false };
  if (value.startsWith('@')) return { [name]: { at: value.slice(1).split(',') } };
  return { [name]: Number(value) };
}
