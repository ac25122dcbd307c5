import { FormatFault } from '../formats/format-fault.ts';
import { fieldsOf, type Field } from './protobuf.ts';

/** What InfluxDB 1 knows of its databases, as far as a restore needs it. Durations and times in nanoseconds. */
export interface PortableMetadata {
  databases: Database[];
  /** Names only. */
  users: string[];
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
  const inner = first(fieldsOf(file), 1);
  if (!Buffer.isBuffer(inner)) throw new FormatFault('garbled', 'holds no metadata of InfluxDB 1');
  return parseMetadata(inner);
}

/** The metadata as the server keeps and sends them. @throws FormatFault */
export function parseMetadata(data: Buffer): PortableMetadata {
  const fields = collect(data);
  return {
    databases: messages(fields, 5).map(parseDatabase),
    users: messages(fields, 6).map((user) => text(collect(user), 1)),
  };
}

function parseDatabase(message: Buffer): Database {
  const fields = collect(message);
  return {
    name: text(fields, 1),
    defaultPolicy: text(fields, 2),
    policies: messages(fields, 3).map(parsePolicy),
    continuousQueries: messages(fields, 4).map((query) => {
      const of = collect(query);
      return { name: text(of, 1), query: text(of, 2) };
    }),
  };
}

function parsePolicy(message: Buffer): RetentionPolicy {
  const fields = collect(message);
  return {
    name: text(fields, 1),
    duration: signed(fields, 2),
    groupDuration: signed(fields, 3),
    replicas: whole(fields, 4),
    groups: messages(fields, 5).map(parseGroup),
    subscriptions: messages(fields, 6).map((subscription) => text(collect(subscription), 1)),
  };
}

function parseGroup(message: Buffer): ShardGroup {
  const fields = collect(message);
  return {
    id: whole(fields, 1),
    start: signed(fields, 2),
    end: signed(fields, 3),
    deleted: signed(fields, 4) !== 0n,
    truncatedAt: fields.some(({ number }) => number === 6) ? signed(fields, 6) : undefined,
    shards: messages(fields, 5).map((shard) => whole(collect(shard), 1)),
  };
}

function collect(message: Buffer): Field[] {
  return [...fieldsOf(message)];
}

function first(fields: Iterable<Field>, number: number): Field['value'] | undefined {
  for (const field of fields) if (field.number === number) return field.value;
  return undefined;
}

function messages(fields: Field[], number: number): Buffer[] {
  return fields.flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );
}

function text(fields: Field[], number: number): string {
  const value = first(fields, number);
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

function signed(fields: Field[], number: number): bigint {
  const value = first(fields, number);
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : 0n;
}

function whole(fields: Field[], number: number): number {
  const value = Number(first(fields, number) ?? 0n);
  if (Number.isSafeInteger(value)) return value;
  throw new FormatFault('garbled', 'is not the metadata of InfluxDB 1: it has an impossible id');
}
