import type { ReadJob } from '../../workflows/contract/activities.ts';
import { backupFolder } from '../catalog/layout.ts';
import { DAMAGE } from '../catalog/known-damage.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { HoldfastError } from '../failure.ts';
import { openerOfQueue } from '../opener-of-queue.ts';
import { openArtifact } from '../pipeline/open-artifact.ts';
import type { BackupReader } from '../products/product.ts';
import type { Store } from '../stores/store.ts';

type Reading = Pick<Parameters<typeof openArtifact>[0], 'lines' | 'opener' | 'decompress'>;

/** Remembers what could not be read as it was written, so that the restore can tell when it ends. */
export interface RestoreReader extends BackupReader {
  /** Lines of one artifact that are to be looked at once more. */
  doubt?(lines: ObjectLine[]): void;
}

export interface DoubtingReader extends RestoreReader {
  readonly doubted: ReadonlyMap<string, ObjectLine[]>;
}

/** A committed backup, for the product that restores it. */
export async function backupReader(
  store: Store,
  { snapshot, backup }: ReadJob,
  signal: AbortSignal,
  step: 'plan' | 'planned' = 'planned',
): Promise<DoubtingReader> {
  const manifest = await readManifest(store, snapshot.target, backup, signal);
  const opener = manifest.encryption ? await openerOfQueue(snapshot, step) : undefined;
  const folder = backupFolder(snapshot.target, backup);
  const doubted = new Map<string, ObjectLine[]>();
  const doubt = (lines: ObjectLine[]) => doubted.set(lines[0]?.path ?? '', lines);
  const read = (reading: Reading) =>
    doubting(openArtifact({ store, folder, signal, ...reading }), () => doubt(reading.lines));
  async function* openLate(reading: Reading): AsyncGenerator<Uint8Array> {
    yield* read({ ...reading, opener: await openerOfQueue(snapshot, step) });
  }
  return {
    manifest,
    doubted,
    doubt,
    objects: () => readObjects(store, manifest, signal),
    open: (lines, { decompress = false } = {}) =>
      // Its copy may be encrypted though the backup was not when it was taken.
      !opener && isEncrypted(lines)
        ? openLate({ lines, decompress })
        : read({ lines, opener, decompress }),
  };
}

async function* doubting(
  source: AsyncIterable<Uint8Array>,
  doubt: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    if (error instanceof HoldfastError && DAMAGE.includes(error.code)) doubt();
    throw error;
  }
}

function isEncrypted(lines: ObjectLine[]): boolean {
  return lines.some(({ encrypted }) => encrypted);
}
