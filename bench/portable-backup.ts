import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { encodeField } from '../activities/pipeline/influxdb-portable/protobuf.ts';
import { composeMetadata } from '../activities/products/influxdb-v1/compose-metadata.ts';
import { TAR_TRAILER, tarHeader, tarPadding } from '../test/simulators/influxdb-v2/bytes/tar.ts';
import { FloatShards } from './float-shards.ts';

export const DATABASE = 'readings';
const POLICY = 'autogen';
const BASE = '20261120T020000Z';
const HOUR_NS = 3_600_000_000_000n;
const START_NS = 1_599_998_400_000_000_000n;
/** Files at a time that are compressed, each on a thread. */
const THREADS = 2;

/** One shard of an hour, as it lies in a portable backup. */
interface ShardFile {
  gzip: Buffer;
  tarBytes: number;
}

/** What `influxd backup -portable` writes of one database with a shard for each hour. */
export class PortableBackup {
  readonly #distinct: ShardFile[];
  readonly shards: number;

  private constructor(distinct: ShardFile[], shards: number) {
    this.#distinct = distinct;
    this.shards = shards;
  }

  /**
   * @param files TSM files in each shard, of 3.3 MiB
   * @param distinct only so many are made, and then come again under other numbers; whoever restores wants all distinct
   */
  static async make(shards: number, files: number, distinct = shards): Promise<PortableBackup> {
    const floats = new FloatShards();
    const made: ShardFile[] = [];
    const queue = Array.from({ length: Math.min(shards, distinct) }, (_, at) => at).values();
    const lane = async () => {
      for (const at of queue) {
        const entries = Array.from({ length: files }, (_, file) => {
          const name = `${String(file + 1).padStart(9, '0')}-000000002.tsm`;
          return floats.entry(startOf(at), `${DATABASE}/${POLICY}/${at + 1}/${name}`);
        });
        const tar = Buffer.concat([...entries, TAR_TRAILER]);
        // As Go compresses when nobody says how.
        made[at] = { gzip: await promisify(gzip)(tar, { level: 6 }), tarBytes: tar.length };
      }
    };
    await Promise.all(Array.from({ length: THREADS }, lane));
    return new PortableBackup(made, shards);
  }

  /** The database and every shard group of it. */
  get metadata(): Buffer {
    return composeMetadata({
      name: DATABASE,
      defaultPolicy: POLICY,
      policies: [
        {
          name: POLICY,
          duration: 0n,
          groupDuration: HOUR_NS,
          replicas: 1,
          groups: Array.from({ length: this.shards }, (_, at) => ({
            id: at + 1,
            start: startOf(at),
            end: startOf(at + 1),
            deleted: false,
            truncatedAt: undefined,
            shards: [at + 1],
          })),
          subscriptions: [],
        },
      ],
    });
  }

  /** In the order in which the vendor's tar has them. */
  *files(): Generator<{ name: string; body: Buffer }> {
    const { metadata } = this;
    const meta = { fileName: `${BASE}.meta`, size: metadata.length };
    const files = Array.from({ length: this.shards }, (_, at) => ({
      database: DATABASE,
      policy: POLICY,
      shardID: at + 1,
      fileName: nameOf(at),
      size: this.#file(at).tarBytes,
      lastModified: 0,
    }));
    const manifest = Buffer.from(JSON.stringify({ meta, limited: false, files }, null, 2));
    yield { name: `${BASE}.manifest`, body: manifest };
    yield {
      name: meta.fileName,
      body: Buffer.concat([encodeField(1, metadata), encodeField(2, 0)]),
    };
    for (let at = 0; at < this.shards; at += 1) {
      yield { name: nameOf(at), body: this.#file(at).gzip };
    }
  }

  /** For the official tool. */
  async writeFolder(path: string): Promise<void> {
    for (const { name, body } of this.files()) await writeFile(join(path, name), body);
  }

  /** For the vendor's host. */
  async writeTar(path: string): Promise<void> {
    await pipeline(Readable.from(this.#tar()), createWriteStream(path));
  }

  *#tar(): Generator<Buffer> {
    const modified = new Date();
    for (const { name, body } of this.files()) {
      yield tarHeader(name, body.length, modified);
      yield body;
      yield tarPadding(body.length);
    }
    yield TAR_TRAILER;
  }

  #file(at: number): ShardFile {
    const file = this.#distinct[at % this.#distinct.length];
    if (!file) throw new Error('A backup without shards cannot be made.');
    return file;
  }
}

function startOf(shard: number): bigint {
  return START_NS + BigInt(shard) * HOUR_NS;
}

function nameOf(shard: number): string {
  return `${BASE}.s${shard + 1}.tar.gz`;
}
