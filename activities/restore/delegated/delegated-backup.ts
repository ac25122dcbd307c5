import type { ReadJob } from '../../../workflows/contract/activities.ts';
import { readChainObjects } from '../../catalog/chain.ts';
import { HoldfastError } from '../../failure.ts';
import { parseObjectPath } from '../../pipeline/object-path.ts';
import type { DelegatedBackup } from '../../products/delegated.ts';
import type { BackupReader } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';

/** A committed backup that its product wrote, as the product's adapter reads it. @throws BACKUP_DAMAGED */
export function delegatedBackup(
  store: Store,
  { backup }: ReadJob,
  reader: BackupReader,
  signal: AbortSignal,
): DelegatedBackup {
  const { manifest } = reader;
  if (!manifest.delegated) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `The manifest of backup ${backup} does not say what the database wrote.`,
    );
  }
  return {
    manifest,
    name: manifest.delegated.name,
    objects: () => readChainObjects(store, manifest, signal),
    file: (path) => readFile(reader, path),
  };
}

async function readFile(reader: BackupReader, path: string): Promise<Uint8Array> {
  const lines = [];
  for await (const line of reader.objects()) {
    if (parseObjectPath(path, line.path)) lines.push(line);
  }
  if (lines.length === 0) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${reader.manifest.id} of ${reader.manifest.target} does not hold ${path}.`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.open(lines, { decompress: true })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
