import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import {
  parsePortableMetadata,
  unwrapMetadata,
  type PortableMetadata,
} from '../../pipeline/influxdb-portable/metadata.ts';
import {
  parseFileName,
  parsePortableManifest,
  type PortableManifest,
} from '../../pipeline/influxdb-portable/portable-manifest.ts';
import type { WalkedBackup } from './walk-backup.ts';

export interface CheckedBackup {
  manifest: PortableManifest;
  metadata: PortableMetadata;
}

/**
 * Compares what came with what the backup says of itself: its manifest names every file and its size, and nothing else
 * may be there. A manifest alone proves nothing, since the tool writes one also when it failed.
 * @throws FormatFault
 */
export function checkBackup({ manifest, metadata, stored, seen }: WalkedBackup): CheckedBackup {
  if (!manifest) throw missing('a manifest');
  const parsed = parsePortableManifest(manifest.bytes);
  if (!metadata || metadata.name !== parsed.meta.fileName) throw missing(parsed.meta.fileName);
  const named = new Set(parsed.files.map(({ fileName }) => fileName));
  for (const { fileName, size, shardID } of parsed.files) {
    const member = seen.has(fileName) ? stored.get(fileName) : undefined;
    if (!member) throw missing(fileName);
    if (parseFileName(fileName)?.shard !== shardID) {
      throw new FormatFault(
        'garbled',
        `holds ${fileName}, which its manifest calls shard ${shardID}`,
      );
    }
    if (member.inflated !== size % 2 ** 32) {
      throw new FormatFault(
        'garbled',
        `holds shard ${shardID} with another size than its manifest says (${member.inflated} instead of ${size} bytes)`,
      );
    }
  }
  const unnamed = [...seen].find((name) => stored.has(name) && !named.has(name));
  if (unnamed)
    throw new FormatFault('garbled', `holds ${unnamed}, which its manifest does not name`);
  const checked = { manifest: parsed, metadata: parsePortableMetadata(metadata.bytes) };
  requireMetadataSize(metadata.bytes, parsed.meta.size);
  requireSamePlaces(checked);
  return checked;
}

/** The manifest counts the metadata without their wrapper. */
function requireMetadataSize(file: Buffer, size: number): void {
  const { length } = unwrapMetadata(file);
  if (length === size) return;
  throw new FormatFault(
    'garbled',
    `holds metadata of another size than its manifest says (${length} instead of ${size} bytes)`,
  );
}

/**
 * Both say to which database and retention policy a shard belongs, and nothing else protects these names. A shard that
 * came into being after the metadata were taken is in the manifest alone.
 */
function requireSamePlaces({ manifest, metadata }: CheckedBackup): void {
  const places = new Map<number, string>();
  for (const { name: database, policies } of metadata.databases) {
    for (const { name: policy, groups } of policies) {
      for (const shard of groups.flatMap(({ shards }) => shards)) {
        places.set(shard, JSON.stringify([database, policy]));
      }
    }
  }
  for (const { shardID, database, policy } of manifest.files) {
    const place = places.get(shardID);
    if (place === undefined || place === JSON.stringify([database, policy])) continue;
    throw new FormatFault(
      'garbled',
      `holds shard ${shardID}, of which its manifest and its metadata say different places`,
    );
  }
}

function missing(what: string): FormatFault {
  return new FormatFault('garbled', `lacks ${what}`);
}
