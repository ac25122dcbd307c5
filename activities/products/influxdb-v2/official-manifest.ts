import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { ObjectLine } from '../../catalog/manifest.ts';
import { bucketSchema, fullName, isDeleted, shardsOf, type Bucket, type Shard } from './buckets.ts';
import { parse, print } from './lossless-json.ts';

/** A file beside the official manifest. `compression`: 0 none, 1 gzip. `size`: bytes as it lies on disk. */
const fileSchema = z.looseObject({
  fileName: z.string().min(1),
  size: z.number(),
  compression: z.number().int().optional(),
});
export type OfficialFile = { fileName: string; size: number; compression: number };

const officialSchema = z.looseObject({
  manifestVersion: z.number().optional(),
  kv: fileSchema.optional(),
  sql: fileSchema.nullish(),
  buckets: z.array(bucketSchema).nullish(),
});

export interface OfficialManifest {
  kv: OfficialFile;
  sql?: OfficialFile;
  buckets: Bucket[];
}

/** Writes the manifest as the official tool does: two spaces, a line break at the end. */
export function printManifest(manifest: OfficialManifest): string {
  const { kv, sql, buckets } = manifest;
  return `${print({ manifestVersion: 2, kv, ...(sql ? { sql } : {}), buckets }, 2)}\n`;
}

/** Reads a manifest of the official tool, or of ours. @throws BACKUP_DAMAGED, BACKUP_FORMAT_NEWER, INPUT_INVALID */
export function readManifest(text: string, name: string): OfficialManifest {
  const value = jsonOf(text, name);
  const checked = officialSchema.safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${name} is not a manifest of influx backup (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}).`,
    );
  }
  const { manifestVersion = 0, kv, sql, buckets } = checked.data;
  if (manifestVersion === 0) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `${name} was written by influx backup for InfluxDB 2.0, whose format is not read; restore it with the official tool and back that server up.`,
    );
  }
  if (manifestVersion !== 2 || kv === undefined) {
    throw new HoldfastError(
      'BACKUP_FORMAT_NEWER',
      `${name} is a manifest of version ${manifestVersion}, and only version 2 is known.`,
      { hint: 'Use a newer Holdfast, or the official tool.' },
    );
  }
  if (buckets === undefined) {
    throw new HoldfastError('BACKUP_DAMAGED', `${name} lacks its list of buckets.`);
  }
  // The tool writes null where there is none.
  const manifest = { kv: toFile(kv), ...(sql ? { sql: toFile(sql) } : {}), buckets: buckets ?? [] };
  requireFiles(manifest, name);
  return manifest;
}

/** A shard that was not taken is not in a manifest, so one without a file has lost it. */
function requireFiles({ buckets }: OfficialManifest, name: string): void {
  for (const bucket of buckets) {
    for (const { shard } of shardsOf(bucket)) {
      if (fileOf(shard)) continue;
      throw new HoldfastError(
        'BACKUP_DAMAGED',
        `${name} names no file for shard ${shard.id} of ${fullName(bucket)}.`,
      );
    }
  }
}

/**
 * The bucket as it was stored: each shard with its file, without shards that have none and without groups that are
 * empty thereby, since writes into the time of an empty group fail on the restored server.
 */
export function withFiles(
  bucket: Bucket,
  stored: (shard: number) => OfficialFile | undefined,
): Bucket {
  return withGroups(bucket, (shards) =>
    shards.flatMap((shard) => {
      const file = stored(shard.id);
      return file ? [{ ...shard, ...file }] : [];
    }),
  );
}

/** The bucket as `POST /restore/bucketMetadata` takes it: without files, and only with the shards that are wanted. */
export function withoutFiles(bucket: Bucket, wanted: (shard: number) => boolean): Bucket {
  return withGroups(bucket, (shards) =>
    shards
      .filter(({ id }) => wanted(id))
      .map(({ fileName: _name, size: _size, compression: _compression, ...shard }) => shard),
  );
}

type Shards = Bucket['retentionPolicies'][number]['shardGroups'][number]['shards'];

function withGroups(bucket: Bucket, change: (shards: Shards) => Shards): Bucket {
  return {
    ...bucket,
    retentionPolicies: bucket.retentionPolicies.map((policy) => ({
      ...policy,
      shardGroups: policy.shardGroups
        .filter((group) => !isDeleted(group))
        .map((group) => ({ ...group, shards: change(group.shards) }))
        .filter(({ shards }) => shards.length > 0),
    })),
  };
}

/**
 * The file that an artifact is to the official tool: after `cat` when it is split and `age -d` when it is encrypted.
 * Names are relative to the folder of the manifest.
 */
export function officialFile(lines: ObjectLine[]): OfficialFile {
  const first = lines[0];
  if (first === undefined) throw new HoldfastError('INTERNAL', 'An artifact has no objects.');
  const path = first.part === undefined ? first.path : first.path.replace(/\.\d{3,}$/, '');
  const name = first.from === undefined ? path.replace(/^data\//, '') : `../${first.from}`;
  return {
    fileName: first.encrypted ? name.replace(/\.age$/, '') : name,
    size: lines.reduce(
      (sum, line) => sum + (line.encrypted ? (line.plain ?? line) : line).bytes,
      0,
    ),
    compression: first.codec === 'gzip' ? 1 : 0,
  };
}

/** The file of a shard, as a manifest that was read names it. */
export function fileOf(shard: Shard): OfficialFile | undefined {
  const file = fileSchema.safeParse(shard);
  return file.success ? toFile(file.data) : undefined;
}

function toFile(file: z.infer<typeof fileSchema>): OfficialFile {
  return { fileName: file.fileName, size: file.size, compression: file.compression ?? 0 };
}

function jsonOf(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new HoldfastError('BACKUP_DAMAGED', `${name} is not JSON.`, { cause });
  }
}
