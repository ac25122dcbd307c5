import { namedSwitch, springs } from '../trap.ts';

/**
 * When a fault strikes: never, always, the next so many times, or only at what is named: calls of the API (`create`,
 * `status`…), classes, or nodes, as the switch says. Counts go down as it strikes.
 */
export type Trap = boolean | number | { at: string[]; times?: number };

/** Everything the simulator can do wrong. Times are the server's: the clock scales them. */
export interface Switches {
  // Of any call; `at` names calls.
  /** 503. */
  unavailable: Trap;
  /** 500 without a word that helps. */
  internalError: Trap;
  /** What stands before it is reloaded, and says 404 in plain text. */
  proxyReloads: Trap;
  /** The connection is closed, and nothing was done. */
  connectionLost: Trap;
  /** It is done, and the connection is closed in the place of the answer. */
  answerLost: Trap;
  /** Never answered, nothing is done. */
  silent: Trap;
  /** 401, as when the key was revoked. */
  keyRevoked: Trap;
  /** 429. */
  tooManyRequests: Trap;
  /** 200 and half of a JSON text. */
  answerCut: Trap;
  /** 200 without a body, and nothing is done. */
  answerEmpty: Trap;

  // The storage, as the server sees it.
  /** It does not answer: 422 at POST, 500 at polls; everything 422 on older servers. `at` names calls, and `job` what goes on after them. */
  storageAway: Trap;
  /** A descriptor is read while half of it is written, as on a file system: 500. `at` names calls. */
  descriptorHalf: Trap;
  /** It answers, but the server may not write and delete: 500 `init uploader`. */
  storageDenied: Trap;

  // Of backups. `at` names classes, unless it says otherwise.
  /** Until the nodes have listed their files: a class that is deleted before makes the backup fail. */
  listingMs: number;
  /** How long the nodes work on a backup. */
  workMs: number;
  /** Between the SUCCESS that is shown and the descriptor that says so. */
  settleMs: number;
  /** The global descriptor is not written after SUCCESS: the status reads STARTED again, for ever. */
  successThenStarted: Trap;
  /** A node's `backup.json` is not written, and it is SUCCESS all the same. `at` names nodes. */
  nodeDescriptorMissing: Trap;
  /** It fails, and says why. */
  backupFails: Trap;
  /** It fails, and does not say why. */
  backupFailsSilently: Trap;
  /** The coordinator loses its memory: STARTED for ever, the id is burnt, the slot is free. */
  coordinatorDies: Trap;
  /** The nodes do not end until the switch is off again; the slot stays taken. */
  backupHangs: Trap;
  /** CANCELED, and nobody asked for it. */
  cancelUnasked: Trap;
  /** The cancel is answered 204 and comes too late: SUCCESS. */
  cancelLate: Trap;
  /** The last bytes of a chunk are missing after SUCCESS. */
  chunkTruncated: Trap;
  /** A chunk has no bytes after SUCCESS. */
  chunkEmpty: Trap;
  /** A chunk is gone after SUCCESS. */
  chunkMissing: Trap;
  /** The status is a word that no version knows. */
  unknownStatus: Trap;
  /** The slot is somebody else's: 422 `already in progress`. */
  slotTaken: Trap;
  /** Another node coordinates somebody else's backup: 500 `cannot commit`. */
  otherCoordinator: Trap;
  /** 422: a reindex is in flight. */
  reindexing: Trap;

  // Of restores. `at` names classes, unless it says otherwise.
  /** How long the nodes download. */
  downloadMs: number;
  /** How long the schema is applied. */
  finalizeMs: number;
  /** POST answers 200 STARTED, and nothing begins. `at` names ids. */
  restoreIgnored: Trap;
  /** It fails after the download; nothing is added. */
  restoreFails: Trap;
  /** It fails at the named class (true: at the last), the others are there. */
  restorePartial: Trap;
  /** SUCCESS, and a class is there without its objects. */
  restoreLosesObjects: Trap;
  /** SUCCESS, and one object of a class is another. */
  restoreAltersObject: Trap;
  /** SUCCESS, and one vector of a class is another. */
  restoreAltersVector: Trap;
  /** CANCELED is told, and the classes appear all the same. */
  restoreRunsOn: Trap;
  /** The cancel of a restore dies half-way: CANCELLING for ever, and every later restore of the id does nothing. `at` names ids. */
  cancelStaysCancelling: Trap;
  /** The nodes do not end their download until the switch is off again. */
  restoreHangs: Trap;
  /** The coordinator loses its memory: the status stays as the storage has it. */
  restoreCoordinatorDies: Trap;

  /** Characters that are added to the error of a failed job, as when it tells of a whole request. */
  errorCharacters: number;

  // Of the database.
  /** Down: `/v1/nodes` says so, backups and restores are refused. `at` names nodes. */
  nodeDown: Trap;
  /** What the server's clock is ahead of the true time; may be negative. Not scaled. */
  clockSkewMs: number;
}

export const QUIET: Switches = {
  unavailable: false,
  internalError: false,
  proxyReloads: false,
  connectionLost: false,
  answerLost: false,
  silent: false,
  keyRevoked: false,
  tooManyRequests: false,
  answerCut: false,
  answerEmpty: false,
  storageAway: false,
  descriptorHalf: false,
  storageDenied: false,
  listingMs: 0,
  workMs: 500,
  settleMs: 500,
  successThenStarted: false,
  nodeDescriptorMissing: false,
  backupFails: false,
  backupFailsSilently: false,
  coordinatorDies: false,
  backupHangs: false,
  cancelUnasked: false,
  cancelLate: false,
  chunkTruncated: false,
  chunkEmpty: false,
  chunkMissing: false,
  unknownStatus: false,
  slotTaken: false,
  otherCoordinator: false,
  reindexing: false,
  downloadMs: 500,
  finalizeMs: 500,
  restoreIgnored: false,
  restoreFails: false,
  restorePartial: false,
  restoreLosesObjects: false,
  restoreAltersObject: false,
  restoreAltersVector: false,
  restoreRunsOn: false,
  cancelStaysCancelling: false,
  restoreHangs: false,
  restoreCoordinatorDies: false,
  errorCharacters: 0,
  nodeDown: false,
  clockSkewMs: 0,
};

type Amount =
  | 'errorCharacters'
  | 'listingMs'
  | 'workMs'
  | 'settleMs'
  | 'downloadMs'
  | 'finalizeMs'
  | 'clockSkewMs';
export type Fault = Exclude<keyof Switches, Amount>;

/** Whether the fault strikes now, at the named thing; counts down. */
export function strikes(switches: Switches, name: Fault, at?: string): boolean {
  return springs(switches, name, at);
}

/** What makes the error of a job as long as the switch says. */
export function more({ errorCharacters }: Switches): string {
  return ' and so on'.repeat(Math.ceil(errorCharacters / 10));
}

/** `answerLost`, `answerLost=2`, `answerLost=@create,status`, `answerLost=@create*1`, `workMs=500`, `answerLost=off`. */
export function parseSwitch(text: string): Partial<Switches> {
  const { name, value } = namedSwitch(QUIET, text);
  if (value === undefined) return { [name]: true };
  if (value === 'off') return { [name]: QUIET[name as keyof Switches] };
  if (!value.startsWith('@')) return { [name]: Number(value) };
  const [names = '', times] = value.slice(1).split('*', 2);
  const at = names.split(',');
  return { [name]: times === undefined ? { at } : { at, times: Number(times) } };
}
