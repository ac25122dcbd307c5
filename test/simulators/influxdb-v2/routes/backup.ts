import { pipeline } from 'node:stream/promises';
import { randomBytes } from 'node:crypto';
import { constants, createGzip, type Gzip } from 'node:zlib';
import { demandOperator } from '../access.ts';
import { outrun } from '../clients.ts';
import { emptySqlite } from '../bytes/sqlite.ts';
import { type Exchange, Refusal, send } from '../exchange.ts';
import { drained, heldBack, type Mishap, slowly, withMishap } from '../faulty-stream.ts';
import { parseRfc3339 } from '../go-json.ts';
import { packMetadata } from '../stored-metadata.ts';
import { listForBackup } from '../listing.ts';
import { expire } from '../retention.ts';
import { type Fault, strikes } from '../switches.ts';
import { tarOf, tarSize } from '../shard-tar.ts';

const GZIP_FROM = 1400;
const LEVELS: Record<string, number> = {
  '': constants.Z_DEFAULT_COMPRESSION,
  default: constants.Z_DEFAULT_COMPRESSION,
  full: constants.Z_BEST_COMPRESSION,
  speedy: constants.Z_BEST_SPEED,
};

export function backupKv(exchange: Exchange): void {
  demandOperator(exchange);
  exchange.response.setHeader('Content-Type', 'application/octet-stream');
  send(exchange.response, 200, packMetadata(exchange.state.metadata));
}

export async function backupMetadata(exchange: Exchange): Promise<void> {
  exchange.response.setHeader('Vary', 'Accept-Encoding');
  demandOperator(exchange);
  const { response, state, switches, profile } = exchange;
  const boundary = randomBytes(30).toString('hex');
  const kv = packMetadata(state.metadata);
  if (strikes(switches, 'metadataOutrun')) outrun(state);
  const listed = listForBackup(state, profile, switches);
  const body = Buffer.concat([
    part(boundary, 'kv', 'application/octet-stream', kv),
    part(boundary, 'sql', 'application/octet-stream', emptySqlite()),
    part(
      boundary,
      'buckets',
      'application/json; charset=utf-8',
      Buffer.from(`${JSON.stringify(listed)}\n`),
    ),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  response.setHeader('Content-Type', `multipart/mixed; boundary=${boundary}`);
  const closing = boundary.length + 6;
  const mishap: Mishap | undefined = strikes(switches, 'metadataCut')
    ? { kind: 'tail', at: body.length - closing }
    : undefined;
  await stream(
    exchange,
    (async function* () {
      yield body;
    })(),
    body.length,
    mishap,
  );
}

function part(boundary: string, name: string, type: string, body: Buffer): Buffer {
  const head = `--${boundary}\r\nContent-Disposition: attachment; name="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]);
}

export async function backupShard(exchange: Exchange): Promise<void> {
  exchange.response.setHeader('Vary', 'Accept-Encoding');
  demandOperator(exchange);
  const { state, switches, parts, url } = exchange;
  const text = parts[0] ?? '';
  if (!/^\d+$/.test(text) || BigInt(text) >= 1n << 64n) throw new Error('not a shard id');
  const id = Number(text);
  const since = url.searchParams.has('since')
    ? Number(parseRfc3339(url.searchParams.get('since') ?? '') / 1_000_000n)
    : -Infinity;
  const shard = state.shards.get(id);
  if (shard && strikes(switches, 'shardVanished', id)) await expire(state, id);
  if (!shard || !state.shards.has(id) || strikes(switches, 'shardUnopened', id)) {
    throw new Refusal('not found', `shard ${text} not found`);
  }
  if (!strikes(switches, 'snapshotBusy', id)) shard.flush();
  const files = shard.files.filter((file) => file.modified.getTime() > since);
  const size = tarSize(shard, files, since);
  if (strikes(switches, 'shardGarbled', id)) {
    const noise = (async function* () {
      yield Buffer.alloc(size, 'garbled ');
    })();
    return stream(exchange, noise, size, undefined);
  }
  await stream(exchange, tarOf(shard, files, since), size, mishapOf(exchange, id, size));
}

function mishapOf({ switches }: Exchange, id: number, size: number): Mishap | undefined {
  const half = Math.floor(size / 2);
  const kinds: [Fault, Mishap][] = [
    ['shardTail', { kind: 'tail', at: size }],
    ['shardBroken', { kind: 'tail', at: half }],
    ['shardCut', { kind: 'cut', at: half }],
    ['shardReset', { kind: 'reset', at: half }],
    ['shardStalls', { kind: 'stall', at: half }],
  ];
  return kinds.find(([fault]) => strikes(switches, fault, id))?.[1];
}

async function stream(
  exchange: Exchange,
  body: AsyncIterable<Buffer>,
  size: number,
  mishap: Mishap | undefined,
): Promise<void> {
  const { response, switches } = exchange;
  const gzip = gzipFor(exchange, size, mishap !== undefined);
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', gzip ? 'application/x-gzip' : 'application/octet-stream');
  }
  if (gzip) response.setHeader('Content-Encoding', 'gzip');
  else if (size <= 2048 && !mishap) response.setHeader('Content-Length', size);
  await heldBack(() => switches.firstByteMs, response);
  if (mishap) response.flushHeaders();
  const paced = switches.bytesPerSecond > 0 ? slowly(body, () => switches.bytesPerSecond) : body;
  const faulty = withMishap(paced, mishap, response);
  if (gzip) return pipeline(faulty, gzip, response);
  for await (const chunk of faulty) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Small bodies are never compressed, and others only for who asks. */
function gzipFor(
  { request, response, profile }: Exchange,
  size: number,
  eager: boolean,
): Gzip | undefined {
  const level = request.headers['gzip-compression-level']?.toString() ?? '';
  if (profile.gzipLevels && level !== 'none' && !Object.hasOwn(LEVELS, level)) {
    response.removeHeader('Vary');
    throw new Refusal(
      'invalid',
      `unknown compression level: "${level}", valid values: [default, full, speedy, none]`,
    );
  }
  const accepts = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  if (!accepts || size < GZIP_FROM || (profile.gzipLevels && level === 'none')) return undefined;
  return createGzip({
    level: profile.gzipLevels ? LEVELS[level] : undefined,
    // What breaks off in the middle has sent something before.
    flush: eager ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH,
  });
}
