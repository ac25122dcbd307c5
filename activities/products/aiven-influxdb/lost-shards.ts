import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { Entry } from '../../catalog/manifest.ts';
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
  /** Not there, since nothing was written to them: InfluxDB names the next shard of a policy for ever. */
  unwritten: number;
}

/** What `conclude` leaves in the manifest for the next one: the greatest number that a shard had. */
const beforeSchema = z.object({ lastShard: z.number() });

type Before = Pick<BackupReader, 'manifest' | 'objects'>;

interface Question {
  named: NamedShard[];
  /** The TSM files of the shards that came. */
  came: Map<number, string[]>;
  now: number;
  /** Of the service. */
  identity: string;
  before?: (() => Promise<Before | undefined>) | undefined;
}

/**
 * InfluxDB puts a file that it cannot read at its start aside, and does without its whole shard; from the next start on
 * it has the shard without that file. The tool backs up what is there, and says nothing of either.
 */
export async function judgeLost(question: Question): Promise<LostShards> {
  const { named, came, now, identity } = question;
  const last = named.length > 0 ? await question.before?.() : undefined;
  const known = last?.manifest.product.identity === identity ? await knownOf(last) : undefined;
  const lost: LostShards = {
    backup: known?.id ?? '',
    absent: [],
    emptied: [],
    gone: [],
    unsure: [],
    unwritten: 0,
  };
  for (const one of named) {
    const subject = `${one.place}/shard ${one.shard}`;
    // A service that was set up anew gives the numbers again, in other places or for later times.
    const same = known !== undefined && one.start < known.to;
    const then = (same ? (known.held.get(one.shard) ?? []) : []).filter((name) =>
      name.startsWith(`${one.place}/`),
    );
    const files = came.get(one.shard);
    if (files) {
      if (lostFile(then, files)) lost.emptied.push(subject);
    } else if (then.length > 0) {
      const passed = one.expires !== null && one.expires <= now;
      (passed ? lost.gone : lost.absent).push(subject);
    } else if (isUnwritten(one, now, known)) lost.unwritten += 1;
    else lost.unsure.push(subject);
  }
  return lost;
}

/**
 * What has not begun, and what an earlier backup named and did not hold either, though its time was over: points may have
 * come since into one whose time was not.
 */
function isUnwritten(
  { shard, start, end }: NamedShard,
  now: number,
  known: Known | undefined,
): boolean {
  if ((known?.held.get(shard) ?? []).length > 0) return false;
  if (start > now) return true;
  return known !== undefined && shard <= known.lastShard && (end ?? Infinity) <= known.from;
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
  lastShard: number;
  /** The TSM files of each shard. */
  held: Map<number, string[]>;
}

/** @returns undefined where the list of the backup's objects is damaged */
async function knownOf({ manifest, objects }: Before): Promise<Known | undefined> {
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
  return {
    id,
    from: Date.parse(times.captured.from),
    to: Date.parse(times.captured.to),
    lastShard: beforeSchema.safeParse(detail).data?.lastShard ?? -1,
    held,
  };
}

/** `shard 31` */
export function shardIn(subject: string): number {
  return Number(subject.replace('shard ', ''));
}
