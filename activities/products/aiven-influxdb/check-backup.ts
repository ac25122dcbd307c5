import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import {
  parsePortableMetadata,
  type PortableMetadata,
} from '../../pipeline/influxdb-portable/metadata.ts';
import {
  parsePortableManifest,
  type PortableManifest,
} from '../../pipeline/influxdb-portable/portable-manifest.ts';
import { fieldsOf } from '../../pipeline/influxdb-portable/protobuf.ts';
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
  requireMetadataSize(metadata.bytes, parsed.meta.size);
  return { manifest: parsed, metadata: parsePortableMetadata(metadata.bytes) };
}

/** The manifest counts the metadata without their wrapper. */
function requireMetadataSize(file: Buffer, size: number): void {
  for (const { number, value } of fieldsOf(file)) {
    if (number !== 1 || !Buffer.isBuffer(value)) continue;
    if (value.length === size) return;
    throw new FormatFault(
      'garbled',
      `holds metadata of another size than its manifest says (${value.length} instead of ${size} bytes)`,
    );
  }
  throw new FormatFault('garbled', 'holds metadata that are none of InfluxDB 1');
}

function missing(what: string): FormatFault {
  return new FormatFault('garbled', `lacks ${what}`);
}
