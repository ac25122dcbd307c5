import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Entry } from '../../catalog/manifest.ts';
import { spoolFailure } from '../../spool-failure.ts';
import { walkTar, type EntrySink } from '../tar/walk-tar.ts';
import type { VisitSeries } from './tsm-index.ts';
import { tsmInMemory, type TsmSource } from './tsm-source.ts';

/** Files up to here are read in memory; most shards consist of such. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/** What becomes of the files of a shard. A file is its path, or an open one, which is to be closed then. */
export interface ShardSink {
  add(file: string | TsmSource, visit?: VisitSeries): Promise<void>;
}

export interface ReadShardOptions {
  into: ShardSink;
  /** For sentences: `telemetry/raw/shard 31`. */
  subject: string;
  /** A path for one large file at a time, which nobody else uses. */
  spool: string;
  /** Sees the timestamps of the series that it wants. */
  visit?: VisitSeries | undefined;
}

export interface ShardFiles {
  /** Its TSM files. */
  files: Entry[];
  /** Some of the points are marked as deleted. */
  tombstones: boolean;
}

/**
 * Reads a shard in one pass over its tar: the hashes of its TSM files, and, by `into`, what their indexes and blocks say.
 * @throws TsmFault, SOURCE_TRUNCATED, SOURCE_GARBLED, SPOOL_FULL, and what the source throws
 */
export async function readShard(
  tar: AsyncIterable<Uint8Array>,
  { into, subject, spool, visit }: ReadShardOptions,
): Promise<ShardFiles> {
  const add = (file: string | TsmSource) => into.add(file, visit);
  const enter = ({ name, bytes }: { name: string; bytes: number }) => {
    if (!name.endsWith('.tsm')) return undefined;
    return bytes <= MEMORY_BYTES ? inMemory(add) : onDisk(add, spool);
  };
  try {
    const entries = await walkTar(tar, { subject, enter });
    const ending = (end: string) => entries.filter(({ name }) => name.endsWith(end));
    return { files: ending('.tsm'), tombstones: ending('.tombstone').length > 0 };
  } catch (error) {
    throw spoolFailure(error, spool);
  } finally {
    await rm(spool, { force: true });
  }
}

type Add = (file: string | TsmSource) => Promise<void>;

function inMemory(add: Add): EntrySink {
  const chunks: Uint8Array[] = [];
  return {
    write: (chunk) => void chunks.push(chunk),
    end: () => add(tsmInMemory(Buffer.concat(chunks))),
  };
}

function onDisk(add: Add, path: string): EntrySink {
  let file: FileHandle | undefined;
  return {
    async write(chunk) {
      file ??= await open(path, 'w', 0o600);
      try {
        await file.writeFile(chunk);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    async end() {
      await file?.close();
      await add(path);
    },
  };
}
