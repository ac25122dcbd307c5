import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { compose } from './damage.ts';
import type { Switches } from './switches.ts';
import { unpackTar, type Member } from './tar.ts';

/** Where the bytes of backups come from. */
export type Content =
  /** The small backup of the repository, or another tar, small enough to be packed anew. */
  | { tar?: string }
  /** A tar of any size, which is served as it is. */
  | { asItIs: string }
  /** What `influxd backup -portable` wrote. */
  | { directory: string }
  /** A running InfluxDB 1, which is backed up for each task. */
  | { influxd: string; snapshot: string };

/** The bytes of one backup. */
export interface Produced {
  bytes: number;
  read(start: number, end: number): AsyncIterable<Buffer>;
}

const FIXTURE = fileURLToPath(
  new URL('../../fixtures/influxdb-v1-portable/backup.tar', import.meta.url),
);

export async function produce(
  content: Content,
  name: string,
  switches: Switches,
): Promise<Produced> {
  if ('asItIs' in content) {
    const { asItIs: path } = content;
    return {
      bytes: (await stat(path)).size,
      read: (start, end) =>
        start >= end
          ? fromMemory(Buffer.alloc(0))
          : createReadStream(path, { start, end: end - 1, highWaterMark: 1024 * 1024 }),
    };
  }
  const tar = compose(await membersOf(content), name, switches);
  return { bytes: tar.length, read: (start, end) => fromMemory(tar.subarray(start, end)) };
}

async function membersOf(content: Exclude<Content, { asItIs: string }>): Promise<Member[]> {
  if ('directory' in content) return readMembers(content.directory);
  if ('influxd' in content) {
    const folder = await mkdtemp(join(tmpdir(), 'aiven-simulator-'));
    try {
      const args = ['backup', '-portable', '-host', content.snapshot, folder];
      await promisify(execFile)(content.influxd, args);
      return await readMembers(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return unpackTar(await readFile(content.tar ?? FIXTURE));
}

async function readMembers(folder: string): Promise<Member[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => ({ name, body: await readFile(join(folder, name)) })),
  );
}

async function* fromMemory(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
