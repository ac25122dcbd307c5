import type { Place } from '../storage/storage.ts';
import { type Compression, unpack } from './chunk.ts';
import type { ClassDescriptor, NodeDescriptor } from './descriptors.ts';

export interface StoredFile {
  bytes: Buffer;
  /** Where it lies: the id of a backup, and the key of a chunk below its node. */
  backup: string;
  chunkKey: string;
}

/** Every file of a class on a node, wherever in the chain of its backups it lies. Throws when one is missing. */
export async function readClassFiles(
  place: Place,
  { id, compressionType }: NodeDescriptor,
  node: string,
  descriptor: ClassDescriptor,
): Promise<Map<string, StoredFile>> {
  const files = new Map<string, StoredFile>();
  const chunk = async (backup: string, chunkKey: string) => {
    const stored = await place.get(`${backup}/${node}/${chunkKey}`);
    if (stored === undefined) throw new Error(`${backup}/${node}/${chunkKey}: key does not exist`);
    return unpack(stored, compressionType as Compression);
  };
  for (const number of Object.keys(descriptor.chunks)) {
    const chunkKey = `${descriptor.name}/chunk-${number}`;
    for (const [name, bytes] of await chunk(id, chunkKey)) {
      files.set(name, { bytes, backup: id, chunkKey });
    }
  }
  for (const { files: names, incrementalBackupInfo } of descriptor.shards ?? []) {
    const earlier = Object.entries(incrementalBackupInfo.filesPerBackup ?? {});
    for (const [backup, list] of earlier) {
      for (const { file, chunkKeys } of list) {
        for (const chunkKey of chunkKeys) {
          const bytes = (await chunk(backup, chunkKey)).get(file);
          if (bytes) files.set(file, { bytes, backup, chunkKey });
        }
      }
    }
    const missing = names.find((name) => !files.has(name));
    if (missing !== undefined) throw new Error(`file ${missing} is in no chunk`);
  }
  return files;
}
