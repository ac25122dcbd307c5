import { HoldfastError } from '../../failure.ts';
import type { Store } from '../store.ts';
import type { PartsUpload } from './multipart-upload.ts';

interface ForeignProbe {
  store: Store;
  /** Of an object that there never was, and never will be. */
  key: string;
  /** Not begun yet. */
  upload: () => PartsUpload;
  signal: AbortSignal | undefined;
  failed: (error: unknown, action: string) => unknown;
}

/**
 * Tries what a restore from the copy, and a removal, will ask of the storage where a database writes. The database never
 * sees anything of it: an upload is begun and ended, and what is looked for and removed is not there.
 * @returns what is refused, and what follows from it
 */
export async function probeForeign(probe: ForeignProbe): Promise<string[]> {
  const { store, key, signal } = probe;
  const refused: string[] = [];
  const attempt = async (run: () => Promise<unknown>, action: string, consequence: string) => {
    try {
      await run();
    } catch (error) {
      const failure = probe.failed(error, action);
      if (!(failure instanceof HoldfastError) || failure.code !== 'STORE_DENIED') throw failure;
      refused.push(`${failure.message} ${consequence}`);
    }
  };
  await attempt(() => store.head(key, { signal }), `look at ${key}`, NOT_RESTORED);
  await attempt(() => begunAndEnded(probe), `begin and end an upload of ${key}`, NOT_RESTORED);
  await attempt(
    async () => {
      for await (const _ of store.openUploads(key, { signal }));
    },
    `list open uploads of ${key}`,
    'Those of a worker that died stay there until a rule of the bucket ends them.',
  );
  await attempt(
    () => store.remove([key], { signal }),
    `remove ${key}`,
    'What a restore put back there stays, and so does what a backup left that was cancelled or is deleted.',
  );
  return refused;
}

async function begunAndEnded({ upload, signal }: ForeignProbe): Promise<void> {
  const begun = upload();
  try {
    await begun.sendPart(1, Buffer.from('a probe'), signal ?? new AbortController().signal);
  } finally {
    await begun.abort();
  }
}

const NOT_RESTORED =
  'A restore from the copy cannot put anything back there; only backups that still lie there can be restored.';
