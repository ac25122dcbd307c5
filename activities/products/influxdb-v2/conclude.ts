import type { Warning } from '../../../workflows/contract/progress.ts';
import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import type { BackupSource, Conclusion } from '../product.ts';
import { bounded } from './bounded-warnings.ts';
import { isSelected, shardsOf, type Bucket } from './buckets.ts';
import { capturedSchema, unpackBuckets, type Captured } from './captured.ts';
import { judgeGone, type GoneShards } from './gone-shards.ts';
import { recordOf, tellGone } from './lost-shards.ts';
import { ROLE, SUBJECT } from './names.ts';
import { officialFile, printManifest, withFiles, type OfficialFile } from './official-manifest.ts';
import type { ServerNow } from './server-now.ts';
import { shardOf } from './shard-of.ts';

/** Names of a selection that the manifest of the backup repeats. */
const TOLD = 20;
/** The manifest of the backup has to stay small, whatever the server holds. */
const SUMMARISED = 150;

/**
 * Writes the official manifest from what was stored, and says what a person should know about it.
 * @param server that may not have had what it named; a directory holds all that it names
 */
export async function conclude(
  taken: Parameters<BackupSource['conclude']>[0],
  server?: ServerNow,
): Promise<Conclusion> {
  const captured = capturedSchema.parse(taken.detail);
  const stored = await collect(taken.objects);
  const buckets = unpackBuckets(captured).filter((bucket) => isSelected(bucket, captured.select));
  const manifest = printManifest({
    kv: metadataFile(stored, SUBJECT.kv),
    ...(captured.sql ? { sql: metadataFile(stored, SUBJECT.sql) } : {}),
    buckets: buckets.map((bucket) => withFiles(bucket, (shard) => stored.shards.get(shard)?.file)),
  });
  const path = `${captured.base}.manifest`;
  const gone =
    server &&
    (await judgeGone({
      ...taken,
      buckets,
      askedAt: captured.askedAt,
      select: captured.select && boundedSelect(captured.select),
      server,
    }));
  return {
    files: [
      {
        path,
        role: ROLE.manifest,
        subject: SUBJECT.manifest,
        bytes: Buffer.from(manifest),
      },
    ],
    detail: summarise(captured, path, buckets, stored, gone),
    warnings: [
      ...(gone ? tellGone(gone) : []),
      ...deletedPoints(stored),
      ...credentials(captured, stored.encrypted),
    ],
    lacking: (gone?.unreadable.shards.length ?? 0) > 0,
  };
}

interface Stored {
  metadata: Map<string, OfficialFile>;
  shards: Map<number, { file: OfficialFile; subject: string; tombstones: number }>;
  encrypted: boolean;
}

/** One pass over the lines; keeps of each artifact only what the manifest says. */
async function collect(objects: AsyncIterable<ObjectLine>): Promise<Stored> {
  const stored: Stored = { metadata: new Map(), shards: new Map(), encrypted: true };
  const split = new Map<string, ObjectLine[]>();
  for await (const line of objects) {
    if (!line.encrypted) stored.encrypted = false;
    if (line.part === undefined) add(stored, [line]);
    else {
      const { entries: _entries, ...rest } = line;
      const parts = split.get(line.part.of);
      if (parts) parts.push(rest);
      else split.set(line.part.of, [line]);
    }
  }
  for (const parts of split.values()) {
    add(
      stored,
      parts.toSorted((a, b) => (a.part?.index ?? 0) - (b.part?.index ?? 0)),
    );
  }
  return stored;
}

function add(stored: Stored, lines: ObjectLine[]): void {
  const first = lines[0];
  if (first === undefined) return;
  if (first.role === ROLE.metadata) stored.metadata.set(first.subject, officialFile(lines));
  if (first.role !== ROLE.shard) return;
  const shard = shardOf(first);
  const tombstones = first.entries?.filter(({ name }) => name.endsWith('.tombstone')).length ?? 0;
  stored.shards.set(shard, { file: officialFile(lines), subject: first.subject, tombstones });
}

function metadataFile(stored: Stored, subject: string): OfficialFile {
  const file = stored.metadata.get(subject);
  if (file) return file;
  throw new HoldfastError('BACKUP_INCOMPLETE', `The backup lacks its ${subject}.`);
}

function summarise(
  captured: Captured,
  manifest: string,
  buckets: Bucket[],
  stored: Stored,
  gone: GoneShards | undefined,
): Conclusion['detail'] {
  const summary = buckets.map((bucket) => {
    const files = [...shardsOf(bucket)].flatMap(({ shard }) => {
      const file = stored.shards.get(shard.id)?.file;
      return file ? [file] : [];
    });
    return {
      organisation: shortened(bucket.organizationName),
      bucket: shortened(bucket.bucketName),
      shards: files.length,
      storedBytes: files.reduce((sum, { size }) => sum + size, 0),
    };
  });
  return {
    version: 1,
    base: captured.base,
    manifest,
    bucketCount: buckets.length,
    /** The greatest; the official manifest names them all. */
    buckets: summary.toSorted((a, b) => b.storedBytes - a.storedBytes).slice(0, SUMMARISED),
    shards: stored.shards.size,
    shardsWithTombstones: [...stored.shards.values()].filter((shard) => shard.tombstones > 0)
      .length,
    plaintextTokens: captured.plaintextTokens,
    ...(gone && recordOf(gone)),
    ...(captured.select && { select: boundedSelect(captured.select) }),
  };
}

function boundedSelect(select: NonNullable<Captured['select']>): Captured['select'] {
  const few = (names: string[]) => names.slice(0, TOLD).map(shortened);
  return {
    ...(select.organisations && { organisations: few(select.organisations) }),
    ...(select.buckets && { buckets: few(select.buckets) }),
  };
}

function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name;
}

function deletedPoints(stored: Stored): Warning[] {
  const code = 'TOMBSTONES_PRESENT';
  const found = [...stored.shards.values()].filter((shard) => shard.tombstones > 0);
  return bounded(
    code,
    found.map(({ subject }) => subject),
    (subject) =>
      `${subject} holds points that were deleted but not yet compacted away: they come back on a restore.`,
    (more) =>
      `${more} further shards hold points that were deleted but not yet compacted away: they come back on a restore.`,
  );
}

function credentials(captured: Captured, encrypted: boolean): Warning[] {
  if (encrypted) return [];
  if (captured.plaintextTokens === false) {
    return [
      {
        code: 'METADATA_UNENCRYPTED',
        message:
          'The backup is not encrypted, and its metadata holds password hashes, hashed tokens and secrets of the server.',
      },
    ];
  }
  return [
    {
      code: 'PLAINTEXT_TOKENS',
      message:
        captured.plaintextTokens === true
          ? 'The backup is not encrypted, and its metadata holds tokens of the server in plain text: whoever reads it can use the server.'
          : 'The backup is not encrypted, and its metadata may hold tokens of the server in plain text.',
    },
  ];
}
