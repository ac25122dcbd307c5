import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import {
  parsePortableMetadata,
  type Database,
  type PortableMetadata,
} from '../../pipeline/influxdb-portable/metadata.ts';
import {
  missingShards,
  type MissingShard,
} from '../../pipeline/influxdb-portable/missing-shards.ts';
import type { BackupReader } from '../product.ts';

/** A portable backup, as this product reads it. */
export interface BackupContent {
  metadata: PortableMetadata;
  /** The objects of each shard, by its id in the backup. */
  shards: Map<number, ObjectLine[]>;
  /** What the metadata of the backup name beside them; `metadata` does not. */
  missing: MissingShard[];
}

/** `20261120T020000Z.s31~2.tar.gz`, perhaps encrypted. */
const SHARD = /^data\/\d{8}T\d{6}Z\.s(\d+)(?:~\d+)?\.tar(?:\.|$)/;
const METADATA = /^data\/\d{8}T\d{6}Z(?:~\d+)?\.meta(?:\.|$)/;

/** @throws BACKUP_DAMAGED */
export async function readContent(backup: BackupReader): Promise<BackupContent> {
  const shards = new Map<number, ObjectLine[]>();
  const metadata: ObjectLine[] = [];
  for await (const line of backup.objects()) {
    const shard = SHARD.exec(line.path)?.[1];
    if (shard !== undefined)
      shards.set(Number(shard), [...(shards.get(Number(shard)) ?? []), line]);
    else if (METADATA.test(line.path)) metadata.push(line);
  }
  const { id, target } = backup.manifest;
  const damaged = (what: string, cause?: unknown) =>
    new HoldfastError('BACKUP_DAMAGED', `Backup ${id} of ${target} ${what}.`, { cause });
  if (metadata.length === 0) throw damaged('lacks the metadata of InfluxDB');
  const chunks: Uint8Array[] = [];
  for await (const chunk of backup.open(metadata, { decompress: true })) chunks.push(chunk);
  try {
    const parsed = parsePortableMetadata(Buffer.concat(chunks));
    const missing = missingShards(parsed, (shard) => shards.has(shard));
    return { metadata: withoutEmptyGroups(parsed, shards), shards, missing };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw damaged(`is damaged: its metadata ${error.message}`, error);
  }
}

/** A group that the server was about to remove, or whose shard it no longer had, would only stand in the way of writes. */
function withoutEmptyGroups(
  metadata: PortableMetadata,
  shards: BackupContent['shards'],
): PortableMetadata {
  const databases = metadata.databases.map((database): Database => ({
    ...database,
    policies: database.policies.map((policy) => ({
      ...policy,
      groups: policy.groups
        .filter(({ deleted }) => !deleted)
        .map((group) => ({ ...group, shards: group.shards.filter((id) => shards.has(id)) }))
        .filter((group) => group.shards.length > 0),
    })),
  }));
  return { ...metadata, databases };
}
