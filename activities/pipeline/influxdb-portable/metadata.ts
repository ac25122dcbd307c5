import { FormatFault } from '../formats/format-fault.ts';
import { fieldsOf, type Field } from './protobuf.ts';

/** The server's own database, which no restore touches. */
export const INTERNAL = '_internal';

/** That a point may have, in nanoseconds: September 1677. */
const EARLIEST_TIME = -9_223_372_036_854_775_806n;

/** What InfluxDB 1 knows of its databases, as far as a restore needs it. Durations and times in nanoseconds. */
export interface PortableMetadata {
  databases: Database[];
  /** Names only. */
  users: string[];
  /** The greatest number that the server has given a shard: it never gives one twice. */
  lastShard: number;
}

export interface Database {
  name: string;
  defaultPolicy: string;
  policies: RetentionPolicy[];
  /** Their statements. */
  continuousQueries: { name: string; query: string }[];
}

export interface RetentionPolicy {
  name: string;
  /** 0 keeps for ever. */
  duration: bigint;
  groupDuration: bigint;
  replicas: number;
  groups: ShardGroup[];
  /** Names. */
  subscriptions: string[];
}

export interface ShardGroup {
  id: number;
  start: bigint;
  /** Exclusive. */
  end: bigint;
  deleted: boolean;
  /** From here on another group holds the points. */
  truncatedAt: bigint | undefined;
  shards: number[];
}

/** The file `<base>.meta`: the metadata inside a small wrapper. @throws FormatFault */
export function parsePortableMetadata(file: Buffer): PortableMetadata {
  return parseMetadata(unwrapMetadata(file));
}

/** The metadata as they lie in a `<base>.meta`, whose wrapper holds a number behind them. @throws FormatFault */
export function unwrapMetadata(file: Buffer): Buffer {
  const fields = collect(file);
  requireFields(fields, [1, 2]);
  const [inner, ...more] = messages(fields, 1);
  if (inner === undefined || more.length > 0) throw garbled('lacks its metadata');
  return inner;
}

/** The metadata as the server keeps and sends them. @throws FormatFault */
export function parseMetadata(data: Buffer): PortableMetadata {
  const fields = collect(data);
  requireFields(fields, [1, 2, 3, 7, 8, 9]);
  const databases = messages(fields, 5).map(parseDatabase);
  const shards = databases.flatMap(shardsOf);
  if (new Set(shards).size !== shards.length) throw garbled('names a shard twice');
  return {
    databases,
    users: messages(fields, 6).map((user) => name(collect(user), 1)),
    lastShard: whole(fields, 9),
  };
}

function shardsOf({ policies }: Database): number[] {
  return policies.flatMap(({ groups }) => groups.flatMap(({ shards }) => shards));
}

function parseDatabase(message: Buffer): Database {
  const fields = collect(message);
  return {
    name: name(fields, 1),
    defaultPolicy: text(fields, 2),
    policies: messages(fields, 3).map(parsePolicy),
    continuousQueries: messages(fields, 4).map((query) => {
      const of = collect(query);
      return { name: name(of, 1), query: text(of, 2) };
    }),
  };
}

function parsePolicy(message: Buffer): RetentionPolicy {
  const fields = collect(message);
  return {
    name: name(fields, 1),
    duration: signed(fields, 2),
    groupDuration: signed(fields, 3),
    replicas: whole(fields, 4),
    groups: messages(fields, 5).map(parseGroup),
    subscriptions: messages(fields, 6).map((subscription) => name(collect(subscription), 1)),
  };
}

function parseGroup(message: Buffer): ShardGroup {
  const fields = collect(message);
  const [start, end] = [signed(fields, 2), signed(fields, 3)];
  return {
    id: whole(fields, 1),
    // Of the earliest points the group begins before what 64 bits hold, and is written with a time far behind its end.
    start: start > end ? EARLIEST_TIME : start,
    end,
    deleted: signed(fields, 4) !== 0n,
    truncatedAt: fields.some(({ number }) => number === 6) ? signed(fields, 6) : undefined,
    shards: messages(fields, 5).map((shard) => whole(collect(shard), 1)),
  };
}

function collect(message: Buffer): Field[] {
  return [...fieldsOf(message)];
}

function messages(fields: Field[], number: number): Buffer[] {
  return fields.filter((field) => field.number === number).map(bytesOf);
}

/** Cannot be empty. */
function name(fields: Field[], number: number): string {
  const value = text(fields, number);
  if (value === '') throw garbled('has something without a name');
  return value;
}

function text(fields: Field[], number: number): string {
  return bytesOf(required(fields, number)).toString('utf8');
}

function bytesOf({ value }: Field): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw garbled('has a number where a text should be');
}

function signed(fields: Field[], number: number): bigint {
  const { value } = required(fields, number);
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  throw garbled('has a text where a number should be');
}

function whole(fields: Field[], number: number): number {
  const value = signed(fields, number);
  if (value >= 0n && value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw garbled('has an impossible id');
}

/** The server writes every field of these, so one that is not there was lost. */
function required(fields: Field[], number: number): Field {
  const field = fields.find((one) => one.number === number);
  if (field) return field;
  throw garbled('lacks a field');
}

function requireFields(fields: Field[], numbers: number[]): void {
  for (const number of numbers) required(fields, number);
}

function garbled(what: string): FormatFault {
  return new FormatFault('garbled', `is not the metadata of InfluxDB 1: it ${what}`);
}
