import type { VerifyJob } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { readChainObjects } from '../catalog/chain.ts';
import { COLLECTED, collectedObjects, readCollected } from '../catalog/collected.ts';
import { backupFolder, MANIFEST } from '../catalog/layout.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { artifactsOf, type VerifyItem } from './verify-pages.ts';

export interface Readings {
  manifest?: Manifest;
  items: VerifyItem[];
  findings: Finding[];
  warnings: Warning[];
}

/**
 * Everything that is to be looked at. A manifest or list that cannot be read is what this looks for, not a reason to
 * fail.
 */
export async function readItems(
  store: Store,
  { snapshot, backup }: VerifyJob,
  signal: AbortSignal,
): Promise<Readings> {
  const folder = backupFolder(snapshot.target, backup);
  const readings: Readings = { items: [], findings: [], warnings: [] };
  const manifest = await noting(readings, folder + MANIFEST, () =>
    readManifest(store, snapshot.target, backup, signal),
  );
  if (!manifest) return readings;
  readings.manifest = manifest;
  const list = folder + manifest.objects.path;
  await noting(readings, list, async () => {
    const lines: ObjectLine[] = [];
    for await (const line of readObjects(store, manifest, signal)) lines.push(line);
    readings.items.push(...artifactsOf(lines));
    readings.findings.push(...compareTotals(manifest, lines, list));
  });
  if (manifest.delegated) await readDelegated(store, manifest, readings, signal);
  return readings;
}

/** What the product wrote: its copy where there is one, else what lies in the product's own storage. */
async function readDelegated(
  store: Store,
  manifest: Manifest,
  readings: Readings,
  signal: AbortSignal,
): Promise<void> {
  const folder = backupFolder(manifest.target, manifest.id);
  const list = folder + (manifest.delegated?.objects.path ?? '');
  const collected = await noting(readings, folder + COLLECTED, () =>
    readCollected(store, manifest.target, manifest.id, signal),
  );
  const copied = new Set<string>();
  if (collected) {
    await noting(readings, folder + collected.objects.path, async () => {
      const lines: ObjectLine[] = [];
      for await (const line of collectedObjects(store, manifest, collected, signal)) {
        copied.add(line.key);
        lines.push(line);
      }
      readings.items.push(...artifactsOf(lines));
    });
  } else {
    readings.warnings.push({
      code: 'SAME_FAILURE_DOMAIN',
      message:
        `Backup ${manifest.id} of ${manifest.target} has not been copied: its bytes lie in ` +
        `${manifest.delegated?.place} beside the database alone.`,
      subject: manifest.id,
    });
  }
  const broken = (base: string, error: HoldfastError) => {
    readings.findings.push(missingBase(manifest, base, error));
  };
  await noting(readings, list, async () => {
    for await (const object of readChainObjects(store, manifest, signal, broken)) {
      if (copied.has(object.key)) continue;
      if (!collected) readings.items.push(object);
      else if (copied.size > 0) readings.findings.push(notCopied(folder, object.key));
    }
  });
}

/** @returns undefined where what was to be read is damaged, which is noted then */
async function noting<T>(
  { findings }: Readings,
  object: string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BACKUP_DAMAGED') throw error;
    findings.push({ code: error.code, object, message: error.message });
    return undefined;
  }
}

function compareTotals(
  { totals, delegated }: Manifest,
  lines: ObjectLine[],
  object: string,
): Finding[] {
  const count = lines.length + (delegated?.count ?? 0);
  const own = lines.reduce((sum, line) => sum + line.bytes, 0);
  const storedBytes = own + (delegated?.bytes ?? 0);
  if (totals.objects === count && totals.storedBytes === storedBytes) return [];
  return [
    {
      code: 'BACKUP_DAMAGED',
      object,
      message:
        `The manifest counts ${totals.objects} objects of ${totals.storedBytes} bytes, its lists ` +
        `${count} of ${storedBytes}.`,
    },
  ];
}

/** Then nothing can be restored of what rests on it, wherever the bytes lie. */
function missingBase({ id, target }: Manifest, base: string, error: HoldfastError): Finding {
  return {
    code: error.code === 'BACKUP_UNKNOWN' ? 'OBJECT_MISSING' : error.code,
    object: backupFolder(target, base) + MANIFEST,
    message: `Backup ${id} of ${target} rests on ${base}: ${error.message}`,
  };
}

function notCopied(folder: string, key: string): Finding {
  return {
    code: 'OBJECT_MISSING',
    object: folder + COLLECTED,
    message: `${folder}${COLLECTED} does not hold ${key}, which the database wrote.`,
  };
}
