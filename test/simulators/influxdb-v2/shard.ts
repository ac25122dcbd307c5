import { inMemory, type StoredBytes } from './stored-file.ts';
import { type Columns, mergeInto, removeRange } from './bytes/points.ts';
import type { Deletion } from './bytes/tombstone.ts';
import { readColumns, writeTsm } from './bytes/tsm-file.ts';

export interface ShardFile {
  /** Without `.tsm`: `000000001-000000001`. */
  stem: string;
  bytes: StoredBytes;
  modified: Date;
  /** The deletes since it was written, oldest first. */
  deletes: Deletion[][];
  deletedAt: Date;
}

/** A shard: TSM files, and a cache of what was written since. */
export class Shard {
  readonly id: number;
  readonly bucketID: string;
  files: ShardFile[] = [];
  #cache: Columns = new Map();
  #generation = 0;

  constructor(id: number, bucketID: string) {
    this.id = id;
    this.bucketID = bucketID;
  }

  write(columns: Columns): void {
    mergeInto(this.#cache, columns);
  }

  /** Turns the cache into a file, as every backup does first. */
  flush(): void {
    if (this.#cache.size === 0) return;
    this.addFile(this.#nextStem(), inMemory(writeTsm(this.#cache)));
    this.#cache = new Map();
  }

  /** A file of the same name is replaced; others stay. */
  addFile(stem: string, bytes: StoredBytes): void {
    const replaced = this.files.find((file) => file.stem === stem);
    if (replaced) void replaced.bytes.remove();
    this.files = [
      ...this.files.filter((file) => file !== replaced),
      { stem, bytes, modified: new Date(), deletes: [], deletedAt: new Date(0) },
    ].toSorted((a, b) => (a.stem < b.stem ? -1 : 1));
    this.#generation = Math.max(this.#generation, parseInt(stem, 10) || 0);
  }

  /** Points vanish from the cache at once, and from files by a tombstone beside them. */
  async delete(matches: (key: string) => boolean, min: bigint, max: bigint): Promise<void> {
    for (const key of this.#cache.keys()) {
      if (matches(key)) removeRange(this.#cache, key, min, max);
    }
    for (const file of this.files) {
      const columns = readColumns(await file.bytes.read());
      const deletions = [...columns]
        .filter(([key]) => matches(key))
        .filter(([, { points }]) => [...points.keys()].some((time) => time >= min && time <= max))
        .map(([key]) => ({ key, min, max }));
      if (deletions.length === 0) continue;
      file.deletes.push(deletions);
      file.deletedAt = new Date();
    }
  }

  /** What a query sees. */
  async columns(): Promise<Columns> {
    const all: Columns = new Map();
    for (const file of this.files) mergeInto(all, await visible(file));
    mergeInto(all, this.#cache);
    return all;
  }

  /** One file of a higher level instead of all: other bytes, same points, no tombstones. */
  async compact(): Promise<void> {
    const columns: Columns = new Map();
    for (const file of this.files) mergeInto(columns, await visible(file));
    await this.clear();
    if (columns.size === 0) return;
    const generation = String(Math.max(1, this.#generation)).padStart(9, '0');
    this.addFile(`${generation}-000000002`, inMemory(writeTsm(columns, { raw: true })));
  }

  async clear(): Promise<void> {
    const files = this.files;
    this.files = [];
    await Promise.all(files.map((file) => file.bytes.remove()));
  }

  #nextStem(): string {
    return `${String(this.#generation + 1).padStart(9, '0')}-000000001`;
  }
}

async function visible(file: ShardFile): Promise<Columns> {
  const columns = readColumns(await file.bytes.read());
  for (const { key, min, max } of file.deletes.flat()) removeRange(columns, key, min, max);
  return columns;
}
