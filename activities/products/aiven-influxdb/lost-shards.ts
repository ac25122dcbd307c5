import { HoldfastError } from '../../failure.ts';
import type { Entry } from '../../catalog/manifest.ts';
import type { BackupReader } from '../product.ts';
import { ROLE } from './names.ts';
import type { NamedShard } from './named-shards.ts';

/** What a backup lacks of the shards that its metadata name: `telemetry/raw/shard 31`. */
export interface LostShards {
  /** The id of the backup before this one. */
  backup: string;
  /** Not there, though that one holds their data and no retention can have removed them. */
  absent: string[];
  /** There, without files that that one holds and that nothing has replaced. */
  emptied: string[];
  /** Not there, for whatever other reason. */
  gone: string[];
}

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
  const known = last?.manifest.product.identity === identity ? last : undefined;
  const held = known ? await heldBy(known) : new Map<number, string[]>();
  const until = Date.parse(known?.manifest.times.captured.to ?? '');
  const lost: LostShards = { backup: known?.manifest.id ?? '', absent: [], emptied: [], gone: [] };
  for (const one of named) {
    const subject = `${one.place}/shard ${one.shard}`;
    // A service that was set up anew gives the numbers again, in other places or for later times.
    const then = (one.start < until ? (held.get(one.shard) ?? []) : []).filter((name) =>
      name.startsWith(`${one.place}/`),
    );
    const files = came.get(one.shard);
    if (files) {
      if (lostFile(then, files)) lost.emptied.push(subject);
    } else if (then.length > 0 && (one.expires === null || one.expires > now)) {
      lost.absent.push(subject);
    } else lost.gone.push(subject);
  }
  return lost;
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

/** The TSM files of each shard; of none where the list of the backup's objects is damaged. */
async function heldBy({ objects }: Before): Promise<Map<number, string[]>> {
  const held = new Map<number, string[]>();
  try {
    for await (const { role, subject, entries } of objects()) {
      if (role === ROLE.shard && entries) held.set(shardIn(subject), tsmFiles(entries));
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return new Map();
    throw error;
  }
  return held;
}

/** `shard 31` */
export function shardIn(subject: string): number {
  return Number(subject.replace('shard ', ''));
}
