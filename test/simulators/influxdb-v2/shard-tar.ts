import { TAR_TRAILER, tarHeader, tarPadding } from './bytes/tar.ts';
import { writeTombstone } from './bytes/tombstone.ts';
import type { Shard, ShardFile } from './shard.ts';

/** The snapshot of a shard: its files and tombstones in the order of their names. */
export async function* tarOf(
  shard: Shard,
  files: ShardFile[],
  since: number,
): AsyncGenerator<Buffer> {
  for (const file of withTombstones(shard, files, since)) {
    const path = `${shard.bucketID}/autogen/${shard.id}/${file.name}`;
    const padding = tarPadding(file.size);
    const header = tarHeader(path, file.size, file.modified);
    if (file.size <= 1 << 20) {
      const parts: Buffer[] = [header];
      for await (const chunk of file.chunks()) parts.push(chunk);
      yield Buffer.concat([...parts, padding]);
    } else {
      yield header;
      yield* file.chunks();
      yield padding;
    }
  }
  yield TAR_TRAILER;
}

export function tarSize(shard: Shard, files: ShardFile[], since: number): number {
  return withTombstones(shard, files, since).reduce(
    (total, { size }) => total + 512 + size + tarPadding(size).length,
    TAR_TRAILER.length,
  );
}

interface Entry {
  name: string;
  size: number;
  modified: Date;
  chunks(): AsyncIterable<Buffer>;
}

function withTombstones(shard: Shard, files: ShardFile[], since: number): Entry[] {
  return shard.files.flatMap((file) => {
    const { bytes, stem, modified, deletes, deletedAt } = file;
    const entries: Entry[] = [];
    if (deletes.length > 0 && deletedAt.getTime() > since) {
      const tombstone = writeTombstone(deletes);
      entries.push({
        name: `${stem}.tombstone`,
        size: tombstone.length,
        modified: deletedAt,
        async *chunks() {
          yield tombstone;
        },
      });
    }
    if (files.includes(file)) {
      entries.push({
        name: `${stem}.tsm`,
        size: bytes.size,
        modified,
        chunks: () => bytes.chunks(),
      });
    }
    return entries;
  });
}
