import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import type { BackupReader, RestoreStep } from '../product.ts';
import { shardName, shardsOf, type Bucket } from './buckets.ts';
import { ROLE, SUBJECT } from './names.ts';
import { readManifest, type OfficialManifest } from './official-manifest.ts';
import { shardOf } from './shard-of.ts';
import { unsuspended } from './suspended-retention.ts';

/** A committed backup as this product reads it: its official manifest, and the objects that it names. */
export interface BackupContent {
  manifest: OfficialManifest;
  kv: ObjectLine[];
  sql: ObjectLine[] | undefined;
  shards: Map<number, ObjectLine[]>;
}

/** @throws BACKUP_DAMAGED */
export async function readContent(backup: BackupReader): Promise<BackupContent> {
  const artifacts = new Map<string, ObjectLine[]>();
  for await (const line of backup.objects()) {
    const key = line.part?.of ?? line.path;
    const parts = artifacts.get(key);
    if (parts) parts.push(line);
    else artifacts.set(key, [line]);
  }
  let official: ObjectLine[] | undefined;
  const metadata = new Map<string, ObjectLine[]>();
  const shards = new Map<number, ObjectLine[]>();
  for (const parts of artifacts.values()) {
    const lines = parts.toSorted((a, b) => (a.part?.index ?? 0) - (b.part?.index ?? 0));
    const first = lines[0];
    if (first?.role === ROLE.manifest) official = lines;
    else if (first?.role === ROLE.metadata) metadata.set(first.subject, lines);
    else if (first?.role === ROLE.shard) shards.set(shardOf(first), lines);
  }
  const kv = metadata.get(SUBJECT.kv);
  if (official === undefined || kv === undefined) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${backup.manifest.id} of ${backup.manifest.target} lacks its ${official ? SUBJECT.kv : SUBJECT.manifest}.`,
    );
  }
  const text = await readText(backup, official);
  const manifest = readManifest(text, `The manifest in backup ${backup.manifest.id}`);
  return {
    manifest: { ...manifest, buckets: manifest.buckets.map(unsuspended) },
    kv,
    sql: metadata.get(SUBJECT.sql),
    shards,
  };
}

/** One step for each shard of a bucket. @throws BACKUP_DAMAGED */
export function stepsOf(bucket: Bucket, content: BackupContent): RestoreStep[] {
  return [...shardsOf(bucket)].map(({ shard }) => {
    const subject = shardName(bucket, shard.id);
    const lines = content.shards.get(shard.id);
    if (lines) return { subject, lines, key: { bucket: bucket.bucketID, shard: shard.id } };
    throw new HoldfastError('BACKUP_DAMAGED', `The backup names ${subject}, but does not hold it.`);
  });
}

export function plainBytes(steps: RestoreStep[]): number {
  return steps
    .flatMap((step) => step.lines)
    .reduce((sum, line) => sum + (line.plain ?? line).bytes, 0);
}

async function readText(backup: BackupReader, lines: ObjectLine[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of backup.open(lines, { decompress: true })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
