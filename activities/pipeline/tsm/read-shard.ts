import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Entry } from '../../catalog/manifest.ts';
import { spoolFailure } from '../../spool-failure.ts';
import { walkTar, type EntrySink } from '../tar/walk-tar.ts';
import { TsmContent } from './tsm-content.ts';
import type { VisitSeries } from './tsm-index.ts';
import { tsmInMemory, type TsmSource } from './tsm-source.ts';

/** Files up to here are read in memory; most shards consist of such. */
const MEMORY_BYTES = 8 * 1024 * 1024;

export interface ReadShardOptions {
  /** For sentences: `telemetry/raw/shard 31`. */
  subject: string;
  /** A path for one large file at a time, which nobody else uses. */
  spool: string;
  /** Sees the timestamps of the series that it wants. */
  visit?: VisitSeries | undefined;
}

export interface ShardContent {
  /** Its TSM files. */
  files: Entry[];
  content: TsmContent;
  /** Some of the points are marked as deleted. */
  tombstones: boolean;
}

/**
 * What a shard holds, in one pass over its tar: the hashes of its TSM files, and what their indexes and blocks say.
 * @throws TsmFault, SOURCE_TRUNCATED, SOURCE_GARBLED, SPOOL_FULL, and what the source throws
 */
export async function readShard(
  tar: AsyncIterable<Uint8Array>,
  { subject, spool, visit }: ReadShardOptions,
): Promise<ShardContent> {
  const content = new TsmContent();
  const add = (file: string | TsmSource) => content.add(file, visit);
  const enter = ({ name, bytes }: { name: string; bytes: number }) => {
    if (!name.endsWith('.tsm')) return undefined;
    return bytes <= MEMORY_BYTES ? inMemory(add) : onDisk(add, spool);
  };
  try {
    const entries = await walkTar(tar, { subject, enter });
    const ending = (end: string) => entries.filter(({ name }) => name.endsWith(end));
    return { files: ending('.tsm'), content, tombstones: ending('.tombstone').length > 0 };
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
