import { HoldfastError } from '../../failure.ts';
import { guardStall } from '../../pipeline/guard-stall.ts';
import { SnapshotConnection, type SnapshotAddress } from './snapshot-connection.ts';

const REQUEST = { shardBackup: 0, metadataBackup: 1, metadataUpdate: 6, shardUpdate: 7 } as const;
const MAGIC = 0x59590101n;
const WORD = 8;

/** The tar of a shard, as the server has it now: nothing at all when it has no such shard. */
export async function* downloadShard(
  address: SnapshotAddress,
  shard: number,
): AsyncGenerator<Uint8Array> {
  const connection = new SnapshotConnection(address, `downloading shard ${shard}`);
  try {
    await connection.begin(REQUEST.shardBackup, request({ ShardID: shard }));
    yield* connection.read();
  } finally {
    connection.close();
  }
}

/**
 * Sends a tar into a shard, and waits until the server has finished with it. The server says nothing of success: only
 * what can be read back counts.
 */
export async function uploadShard(
  address: SnapshotAddress,
  shard: number,
  tar: AsyncIterable<Uint8Array>,
): Promise<void> {
  const connection = new SnapshotConnection(address, `uploading shard ${shard}`);
  try {
    const id = Buffer.alloc(WORD);
    id.writeBigUInt64BE(BigInt(shard));
    await connection.begin(REQUEST.shardUpdate, id);
    const source = guardStall(tar, undefined, address.signal);
    for await (const chunk of source) await connection.write(chunk);
    await connection.ended();
  } finally {
    connection.close();
  }
}

/** The metadata of the server. @throws SOURCE_TRUNCATED, SOURCE_GARBLED */
export async function downloadMetadata(address: SnapshotAddress): Promise<Buffer> {
  const answer = await ask(address, REQUEST.metadataBackup, request({}), 'downloading metadata');
  const fail = (code: 'SOURCE_TRUNCATED' | 'SOURCE_GARBLED', what: string) =>
    new HoldfastError(code, `${address.server}: downloading metadata failed: ${what}.`);
  if (answer.length < 2 * WORD) throw fail('SOURCE_TRUNCATED', 'the answer ends early');
  if (answer.readBigUInt64BE(0) !== MAGIC) throw fail('SOURCE_GARBLED', 'these are no metadata');
  const length = Number(answer.readBigUInt64BE(WORD));
  if (answer.length < 2 * WORD + length) throw fail('SOURCE_TRUNCATED', 'the answer ends early');
  return answer.subarray(2 * WORD, 2 * WORD + length);
}

/**
 * Adds the databases of the metadata to those of the server. Returns the new id of each shard by its old one; nothing
 * when the server refused or there is no shard, which nobody can tell apart; undefined when it broke off, perhaps after
 * it had added them.
 */
export async function updateMetadata(
  address: SnapshotAddress,
  database: string,
  metadata: Buffer,
): Promise<Map<number, number> | undefined> {
  const header = request({ BackupDatabase: database, UploadSize: metadata.length });
  const operation = `creating database ${database}`;
  const whole = Buffer.concat([header, metadata]);
  return parseIdMap(await ask(address, REQUEST.metadataUpdate, whole, operation));
}

function parseIdMap(answer: Buffer): Map<number, number> | undefined {
  if (answer.length < 2 * WORD || answer.readBigUInt64BE(0) !== MAGIC) return undefined;
  const pairs = Number(answer.readBigUInt64BE(WORD));
  if (answer.length !== 2 * WORD + pairs * 2 * WORD) return undefined;
  const map = new Map<number, number>();
  for (let at = 2 * WORD; at < answer.length; at += 2 * WORD) {
    map.set(Number(answer.readBigUInt64BE(at)), Number(answer.readBigUInt64BE(at + WORD)));
  }
  return map;
}

async function ask(
  address: SnapshotAddress,
  type: number,
  rest: Buffer,
  operation: string,
): Promise<Buffer> {
  const connection = new SnapshotConnection(address, operation);
  try {
    await connection.begin(type, rest);
    const chunks: Uint8Array[] = [];
    for await (const chunk of connection.read()) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    connection.close();
  }
}

/** The server drops exactly one byte between the request and what follows it. */
function request(fields: Record<string, string | number>): Buffer {
  return Buffer.from(`${JSON.stringify(fields)}\n`);
}
