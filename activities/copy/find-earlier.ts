import type { Warning } from '../../workflows/contract/progress.ts';
import { readChain } from '../catalog/chain.ts';
import { collectedByKey, readCollected, type CollectedLine } from '../catalog/collected.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { HoldfastError } from '../failure.ts';
import { sameReaders } from '../pipeline/age/same-readers.ts';
import { lineFrom } from '../pipeline/line-key.ts';
import type { Store } from '../stores/store.ts';

export interface EarlierCopies {
  /** By the product's key, named from the folder of the backup at hand. */
  lines: Map<string, CollectedLine[]>;
  warnings: Warning[];
}

/**
 * What the copies of the backups that this one rests on hold already. Nothing is taken over from one that others can read,
 * nor from one that cannot be read: the database has those objects, too.
 * @param readers fingerprints of the recipients; undefined when it is not encrypted
 */
export async function findEarlier(
  store: Store,
  manifest: Manifest,
  readers: string[] | undefined,
  signal: AbortSignal,
): Promise<EarlierCopies> {
  const found: EarlierCopies = { lines: new Map(), warnings: [] };
  for (const base of (await readChain(store, manifest, signal)).slice(1)) {
    try {
      const collected = await readCollected(store, base.target, base.id, signal);
      if (!collected || !sameReaders(collected.encryption?.recipients, readers)) continue;
      for (const [key, lines] of await collectedByKey(store, base, collected, signal)) {
        found.lines.set(
          key,
          lines.map((line) => ({ ...line, from: lineFrom(line, base) })),
        );
      }
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'BACKUP_DAMAGED') throw error;
      found.warnings.push(unreadable(manifest, base, error));
    }
  }
  return found;
}

function unreadable({ id }: Manifest, base: Manifest, { message }: HoldfastError): Warning {
  return {
    code: 'COPY_DAMAGED',
    message:
      `The copy of backup ${base.id} of ${base.target}, on which ${id} rests, cannot be read, so what it holds is copied ` +
      `once more; \`holdfast copy ${base.target} ${base.id}\` makes it whole: ${message}`,
    subject: base.id,
  };
}
