import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readTar } from './bytes/tar.ts';
import { readIndex, TSM_HEADER } from './bytes/tsm-file.ts';
import type { Exchange } from './exchange.ts';
import type { Shard } from './shard.ts';
import { inMemory, onDisk, type StoredBytes } from './stored-file.ts';
import { strikes } from './switches.ts';
import { panicOr, plainBody } from './upload.ts';

const IN_MEMORY = 8 << 20;

/**
 * Takes the TSM files of an uploaded tar into a shard: all of them, or none when the tar is damaged. Everything else in
 * the tar, tombstones above all, is passed over.
 */
export async function storeUpload(exchange: Exchange, shard: Shard): Promise<void> {
  const { switches } = exchange;
  const files: { stem: string; bytes: StoredBytes }[] = [];
  try {
    await readTar(plainBody(exchange), {
      async entry(name, size, body) {
        if (!name.endsWith('tsm')) return;
        const bytes =
          size > IN_MEMORY ? await spooled(exchange, size, body) : await collected(body);
        files.push({ stem: basename(name, '.tsm'), bytes });
      },
    });
    if (strikes(switches, 'restoreDiskFull', shard.id)) throw new Error('no space left on device');
    for (const { bytes } of files) if (bytes.size <= IN_MEMORY) readIndex(await bytes.read());
  } catch (error) {
    // The connection must be read to its end before it can carry an answer.
    exchange.request.resume();
    await Promise.all(files.map(({ bytes }) => bytes.remove()));
    throw panicOr(error);
  }
  const flips = strikes(switches, 'restoreFlipsBit', shard.id);
  for (const { stem, bytes } of files) {
    shard.addFile(stem, flips ? await flipped(bytes) : bytes);
  }
}

async function collected(body: AsyncIterable<Buffer>): Promise<StoredBytes> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return inMemory(Buffer.concat(parts));
}

async function spooled(
  { spool }: Exchange,
  size: number,
  body: AsyncIterable<Buffer>,
): Promise<StoredBytes> {
  await mkdir(spool, { recursive: true });
  const path = join(spool, `${randomUUID()}.tsm`);
  await pipeline(body, createWriteStream(path));
  return onDisk(path, size);
}

/** One bit of the first block is turned. */
async function flipped(bytes: StoredBytes): Promise<StoredBytes> {
  const copy = Buffer.from(await bytes.read());
  const at = TSM_HEADER.length + 8;
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return inMemory(copy);
}
