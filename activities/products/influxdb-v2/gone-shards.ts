import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import type { BackupReader } from '../product.ts';
import { beginOf, fullName, shardName, shardsOf, type Bucket, type ShardGroup } from './buckets.ts';
import { ROLE } from './names.ts';
import { mayPass, type ServerNow } from './server-now.ts';
import { bucketOf, shardOf } from './shard-of.ts';

/** Shards that a server named, and did not have when it was asked for them: `acme/telemetry/shard 31`. */
export interface GoneShards {
  /** It does not name them any more either. */
  removed: string[];
  /** It still names them, and the backup before this one holds them. */
  unreadable: { backup: string; shards: string[] };
  /** Something may have been written to them that no backup holds: the server was started again since. */
  unsure: string[];
  /** Nothing was ever written to them: the server names the next ones of a bucket for ever. */
  unwritten: number;
}

type Before = Pick<BackupReader, 'manifest' | 'objects'>;

interface Question {
  gone: string[];
  /** Of which the backup was to be taken, as the server named them then. */
  buckets: Bucket[];
  askedAt: string | undefined;
  /** As the manifest of a backup says it. */
  select: unknown;
  server: ServerNow;
  before?: () => Promise<Before | undefined>;
}

/**
 * A server that could not open a shard when it was started answers just as for one to which nothing was ever written.
 * What it still names, what the backup before this one holds, and when it was started tell the two apart.
 */
export async function judgeGone(question: Question): Promise<GoneShards> {
  const asked = missing(question);
  if (asked.length === 0) return nothingGone();
  try {
    return await judge(question, asked);
  } catch (error) {
    // What was taken is taken, whatever the server answers to further questions.
    if (!(error instanceof HoldfastError) || mayPass(error)) throw error;
    return { ...nothingGone(), unsure: asked.map(({ subject }) => subject) };
  }
}

function nothingGone(): GoneShards {
  return { removed: [], unreadable: { backup: '', shards: [] }, unsure: [], unwritten: 0 };
}

async function judge(question: Question, asked: Missing[]): Promise<GoneShards> {
  const { server, askedAt } = question;
  const live = await server.buckets();
  const named = new Set(
    live.flatMap((bucket) => [...shardsOf(bucket)].map(({ shard }) => shard.id)),
  );
  const still = asked.filter(({ id }) => named.has(id));
  const found = nothingGone();
  found.removed = asked.filter(({ id }) => !named.has(id)).map(({ subject }) => subject);
  if (still.length === 0) return found;

  const last = await lastBackup(question);
  const names = new Set(live.map(fullName));
  const started = await server.startedAt();
  const asking = askedAt === undefined ? Date.now() : Date.parse(askedAt);
  for (const one of still.toSorted((a, b) => endOf(b) - endOf(a))) {
    const held = heldIn(last, one, names);
    if (held === 'yes') found.unreadable.shards.push(one.subject);
    else if (held === 'unknown' || mayHold(one, last, { started, asking })) {
      found.unsure.push(one.subject);
    } else found.unwritten += 1;
  }
  found.unreadable.backup = last.id;
  return found;
}

/** What the backup before this one tells of this server. */
interface LastBackup {
  id: string;
  held: Map<number, Held>;
  /** What was written before this time is in it, where it took the same buckets; else nothing surely is. */
  since: number;
  /** Of shards that begin later it holds points of the future alone. */
  until: number;
}

async function lastBackup({ before, server, select }: Question): Promise<LastBackup> {
  const known = await before?.();
  const held = known && (await heldBy(known, await server.identity()));
  if (!held) return { id: '', held: new Map(), since: -Infinity, until: -Infinity };
  const { id, times, detail } = known.manifest;
  const alike = JSON.stringify(detail['select']) === JSON.stringify(select);
  return {
    id,
    held,
    since: alike ? Date.parse(times.captured.from) : -Infinity,
    until: Date.parse(times.captured.to),
  };
}

interface Missing {
  id: number;
  subject: string;
  bucketID: string;
  group: ShardGroup;
}

function missing({ gone, buckets }: Question): Missing[] {
  const subjects = new Set(gone);
  return buckets.flatMap((bucket) =>
    [...shardsOf(bucket)]
      .map(({ shard: { id }, group }) => ({
        id,
        subject: shardName(bucket, id),
        bucketID: bucket.bucketID,
        group,
      }))
      .filter(({ subject }) => subjects.has(subject)),
  );
}

interface Held {
  subject: string;
  bucketID: string | undefined;
}

/**
 * Whether a backup holds a shard that the server names now: a bucket keeps its id for ever, while its name may be another
 * one's by now. Where the backup tells only the name, that may leave it open.
 * @param names of the buckets that the server has now
 */
function heldIn(
  { held, until }: LastBackup,
  now: Missing,
  names: Set<string>,
): 'yes' | 'no' | 'unknown' {
  const then = held.get(now.id);
  if (!then) return 'no';
  if (then.bucketID !== undefined && then.bucketID !== now.bucketID) return 'no';
  const isBucket =
    then.bucketID !== undefined ||
    then.subject === now.subject ||
    !names.has(bucketIn(then.subject));
  // Of a time after that backup it held points of the future, or is another one: once the metadata of a server were put
  // back, it gives numbers again, also in the same bucket.
  return isBucket && beginOf(now.group) < until ? 'yes' : 'unknown';
}

/** The server names shards up to half an hour before their time, and creates them with the first point. */
const AHEAD_MS = 3_600_000;

/**
 * Whether points may have been written between the last backup and the start of the server: to a time that was over by
 * then clients write, too.
 */
function mayHold(
  { group }: Missing,
  { since }: LastBackup,
  { started, asking }: { started: number; asking: number },
): boolean {
  const begin = beginOf(group);
  return started > since && (begin < started || begin > asking + AHEAD_MS);
}

function endOf({ group: { endTime } }: Missing): number {
  return Date.parse(endTime);
}

/** The shards that hold data, by their numbers. @returns undefined where a backup tells nothing of this server */
async function heldBy(
  { manifest, objects }: Before,
  identity: string,
): Promise<Map<number, Held> | undefined> {
  if (manifest.product.identity !== identity) return undefined;
  const held = new Map<number, Held>();
  try {
    for await (const line of objects()) {
      if (!holdsData(line)) continue;
      held.set(shardOf(line), { subject: line.subject, bucketID: bucketOf(line) });
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return undefined;
    throw error;
  }
  return held;
}

function holdsData({ role, part, entries }: ObjectLine): boolean {
  if (role !== ROLE.shard || (part?.index ?? 0) > 0) return false;
  return entries?.some(({ name }) => name.endsWith('.tsm')) ?? true;
}

function bucketIn(subject: string): string {
  return subject.replace(/\/shard \d+$/, '');
}
