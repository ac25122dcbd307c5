import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { Entry } from '../../catalog/manifest.ts';
import { isNamedAhead } from '../../pipeline/influxdb-portable/missing-shards.ts';
import type { BackupReader } from '../product.ts';
import { ROLE } from './names.ts';
import type { NamedShard } from './named-shards.ts';

/** What a backup lacks of the shards that its metadata name: `telemetry/raw/shard 31`. */
export interface LostShards {
  /** The id of the backup before this one; empty: there is none that tells anything of this service. */
  backup: string;
  /** Not there, though that one holds their data and no retention can have removed them. */
  absent: string[];
  /** There, without files that that one holds and that nothing has replaced. */
  emptied: string[];
  /** Not there, though that one holds their data: their retention has passed. */
  gone: string[];
  /** Not there, and nothing tells whether anything was ever written to them. */
  unsure: string[];
  /**
   * Not there, and no backup misses them: InfluxDB names the next shard of a policy for ever. One that was lost before is
   * among them once that has been told.
   */
  unwritten: number;
}

const detailSchema = z.object({ lastShard: z.number() });

/** The greatest number that the service had given a shard, by the `detail` of a backup; one of an older version lacks it. */
export function lastShardOf(detail: Record<string, unknown>): number | undefined {
  return detailSchema.safeParse(detail).data?.lastShard;
}

type Before = Pick<BackupReader, 'manifest' | 'objects'>;

/** When the service was asked for the backup, and when it had made it at the latest, in milliseconds. */
interface Made {
  from: number;
  to: number;
}

interface Question {
  named: NamedShard[];
  /** The greatest number that the service has given a shard; undefined in the plan of an older version. */
  lastShard: number | undefined;
  /** The TSM files of the shards that came. */
  came: Map<number, string[]>;
  made: Made;
  /** Of the service. */
  identity: string;
  before?: (() => Promise<Before | undefined>) | undefined;
}

/**
 * InfluxDB puts a file that it cannot read at its start aside, and does without its whole shard; from the next start on
 * it has the shard without that file. The tool backs up what is there, and says nothing of either.
 */
export async function judgeLost(question: Question): Promise<LostShards> {
  const { named, came, made, identity } = question;
  const last = named.length > 0 ? await question.before?.() : undefined;
  const ofService = last?.manifest.product.identity === identity;
  const known = ofService ? await knownOf(last, question.lastShard) : undefined;
  const lost: LostShards = {
    backup: known?.id ?? '',
    absent: [],
    emptied: [],
    gone: [],
    unsure: [],
    unwritten: 0,
  };
  for (const one of named) {
    const fate = fateOf(one, came.get(one.shard), made, known);
    if (fate === 'unwritten') lost.unwritten += 1;
    else if (fate !== 'whole') lost[fate].push(`${one.place}/shard ${one.shard}`);
  }
  return lost;
}

type Fate = 'whole' | Exclude<keyof LostShards, 'backup'>;

/** @param files those that came, of a shard that did */
function fateOf(
  one: NamedShard,
  files: string[] | undefined,
  made: Made,
  known: Known | undefined,
): Fate {
  const then = known ? heldThen(one, known) : [];
  if (files) return lostFile(then, files) ? 'emptied' : 'whole';
  if (then.length > 0) return one.expires !== null && one.expires <= made.to ? 'gone' : 'absent';
  return isUnwritten(one, made, known) ? 'unwritten' : 'unsure';
}

/** Where numbers may have been given again, it was in other places or for later times. */
function heldThen({ shard, place, start }: NamedShard, known: Known): string[] {
  if (known.mayBeAnother && start >= known.to) return [];
  return (known.held.get(shard) ?? []).filter((name) => name.startsWith(`${place}/`));
}

/**
 * What was named in advance, and what an earlier backup named and did not hold either, though its time was over: points
 * may have come since into one whose time was not.
 */
function isUnwritten(
  { shard, start, end }: NamedShard,
  made: Made,
  known: Known | undefined,
): boolean {
  if ((known?.held.get(shard) ?? []).length > 0) return false;
  if (isNamedAhead(start, made)) return true;
  if (known === undefined || known.mayBeAnother) return false;
  return shard <= known.lastShard && (end ?? Infinity) <= known.from;
}

export function tsmFiles(entries: Entry[]): string[] {
  return entries.map(({ name }) => name).filter((name) => name.endsWith('.tsm'));
}

/**
 * A compaction takes files that follow each other, and what it writes has the generation of the last of them. So at or
 * behind the place of a file that went into one there is a file that is new.
 */
function lostFile(then: string[], now: string[]): boolean {
  const sorted = now.toSorted();
  return then.some((file) => {
    if (now.includes(file)) return false;
    const next = sorted.find((other) => generationOf(other) >= generationOf(file));
    return next === undefined || then.includes(next);
  });
}

/** `telemetry/raw/31/000000004-000000002.tsm`: padded with zeros, so that the names sort as the numbers do. */
function generationOf(file: string): string {
  return file.slice(0, file.lastIndexOf('-'));
}

interface Known {
  id: string;
  /** When it was captured, in milliseconds. */
  from: number;
  to: number;
  /** The greatest number that the service had given a shard. */
  lastShard: number;
  /** The service has given fewer since, so it was set up anew, or set back; or nobody knows. */
  mayBeAnother: boolean;
  /** The TSM files of each shard. */
  held: Map<number, string[]>;
}

/** @returns undefined where the list of the backup's objects is damaged */
async function knownOf(
  { manifest, objects }: Before,
  lastShardNow = -1,
): Promise<Known | undefined> {
  const held = new Map<number, string[]>();
  try {
    for await (const { role, subject, entries } of objects()) {
      if (role === ROLE.shard && entries) held.set(shardIn(subject), tsmFiles(entries));
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return undefined;
    throw error;
  }
  const { id, detail, times } = manifest;
  const lastShard = lastShardOf(detail);
  return {
    id,
    from: Date.parse(times.captured.from),
    to: Date.parse(times.captured.to),
    lastShard: lastShard ?? -1,
    mayBeAnother: lastShardNow < (lastShard ?? Infinity),
    held,
  };
}

/** `shard 31` */
export function shardIn(subject: string): number {
  return Number(subject.replace('shard ', ''));
}
