import { namedSwitch, springs } from '../trap.ts';

/**
 * When a fault strikes: never, always, the next so many times, or at certain shards only. Counts go down as it strikes.
 */
export type Trap = boolean | number | { shards: number[]; times?: number };

/** Everything the simulator can do wrong. Shard ids are the source's in downloads, the destination's in uploads. */
export interface Switches {
  /** The metadata lack their closing boundary and end in a JSON error, with status 200. */
  metadataCut: Trap;
  /**
   * While the metadata are sent a client writes: their list names a new shard group of each bucket and a new bucket, and
   * what comes before the list does not.
   */
  metadataOutrun: Trap;
  /** The metadata contain a copy of every shard group without its shards. */
  emptyGroups: Trap;
  /** The metadata contain, per bucket, a group with `deletedAt` whose shard can still be downloaded. */
  deletedGroups: Trap;
  /** The shard is listed, but removed when it is asked for, as the retention does it: 404. */
  shardVanished: Trap;
  /** The server could not open the shard at its start: 404, and metadata that name it are replaced, but answered 500. */
  shardUnopened: Trap;
  /** A whole tar, then a JSON error, with status 200. */
  shardTail: Trap;
  /** Half of the tar, then a JSON error, with status 200. */
  shardBroken: Trap;
  /** Half of the tar, and a clean end of the response. */
  shardCut: Trap;
  /** The connection is reset after half of the tar. */
  shardReset: Trap;
  /** Nothing comes any more after half of the tar. */
  shardStalls: Trap;
  /** Bytes that are no tar. */
  shardGarbled: Trap;
  /** The server could not flush its cache: the newest writes are missing, and nobody is told. */
  snapshotBusy: Trap;
  /** Milliseconds before the first byte of metadata and shards. Set to less, it lets go those that wait. */
  firstByteMs: number;
  /** At most so many bytes of a shard each second; 0 for as fast as possible, also for those that flow. */
  bytesPerSecond: number;
  /** Every request: 503. */
  unavailable: Trap;
  /** Every request: 429 with `Retry-After: 1`. */
  tooManyRequests: Trap;
  /** Every request with a token: 401, as when it was revoked. */
  tokenRevoked: Trap;
  /** Every request: 500 with the generic text. */
  internalError: Trap;
  /** Every request: the connection is closed without an answer. */
  connectionLost: Trap;
  /** Requests are never answered. */
  silent: Trap;
  /** Shards older than the retention of their bucket are removed at once, also in mid-restore. */
  retentionReaper: Trap;
  /** The upload of a shard is answered 200 and nothing is stored. */
  restoreDiskFull: Trap;
  /** One bit of a block is wrong in what an upload stored, and the answer is 200. */
  restoreFlipsBit: Trap;
  /** After an upload the files of the shard are rewritten: other bytes and names, same points. */
  compactAfterRestore: Trap;
  /** Milliseconds between the end of an upload and its answer. Set to less, it lets go those that wait. */
  restoreAnswerMs: number;
  /** A bucket is created from metadata, but the answer is lost. */
  bucketAnswerLost: Trap;
  /** The metadata of a restore are refused: 500, and nothing is replaced. */
  kvRefused: Trap;
  /** A label is refused: 500. */
  labelRefused: Trap;
  /** Once all metadata are replaced, a client writes into a time without a group, in each bucket. */
  kvWrittenTo: Trap;
  /** All metadata are replaced, but the answer is lost. */
  kvAnswerLost: Trap;
  /** The restored metadata hold no operator token: 500, after everything was replaced. */
  kvWithoutOperator: Trap;
}

export const QUIET: Switches = {
  metadataCut: false,
  metadataOutrun: false,
  emptyGroups: false,
  deletedGroups: false,
  shardVanished: false,
  shardUnopened: false,
  shardTail: false,
  shardBroken: false,
  shardCut: false,
  shardReset: false,
  shardStalls: false,
  shardGarbled: false,
  snapshotBusy: false,
  firstByteMs: 0,
  bytesPerSecond: 0,
  unavailable: false,
  tooManyRequests: false,
  tokenRevoked: false,
  internalError: false,
  connectionLost: false,
  silent: false,
  retentionReaper: false,
  restoreDiskFull: false,
  restoreFlipsBit: false,
  compactAfterRestore: false,
  restoreAnswerMs: 0,
  bucketAnswerLost: false,
  kvRefused: false,
  labelRefused: false,
  kvWrittenTo: false,
  kvAnswerLost: false,
  kvWithoutOperator: false,
};

export type Fault = Exclude<keyof Switches, 'firstByteMs' | 'bytesPerSecond' | 'restoreAnswerMs'>;

/** Whether the fault strikes now; counts down. */
export function strikes(switches: Switches, name: Fault, shard?: number): boolean {
  return springs(switches, name, shard);
}

/** `shardCut`, `shardCut=2`, `shardCut=@3,4`, `firstByteMs=500`: as the command line and the control endpoint take them. */
export function parseSwitch(text: string): Partial<Switches> {
  const { name, value } = namedSwitch(QUIET, text);
  if (value === undefined) return { [name]: true };
  if (value === 'off') return { [name]: QUIET[name as keyof Switches] };
  if (value.startsWith('@')) return { [name]: { shards: value.slice(1).split(',').map(Number) } };
  return { [name]: Number(value) };
}
