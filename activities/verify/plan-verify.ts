import type { Activities, VerifyJob, VerifyPlan } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import { attempt } from '../attempt.ts';
import { backupFolder, MANIFEST } from '../catalog/layout.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { artifactsOf, writeVerifyPages } from './verify-pages.ts';

export function planVerify(deps: Dependencies): Activities['planVerify'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { lines, findings } = await readLines(store, job, at.signal);
        const artifacts = artifactsOf(lines);
        const plan: VerifyPlan = {
          pages: await writeVerifyPages(store, job, artifacts, at.signal),
          objects: lines.length,
          bytes: lines.reduce((sum, line) => sum + line.bytes, 0),
          findings,
        };
        return plan;
      }),
    );
}

/** A manifest that cannot be read is what this looks for, not a reason to fail. */
async function readLines(
  store: Store,
  { snapshot, backup }: VerifyJob,
  signal: AbortSignal,
): Promise<{ lines: ObjectLine[]; findings: Finding[] }> {
  const lines: ObjectLine[] = [];
  let object = backupFolder(snapshot.target, backup) + MANIFEST;
  try {
    const manifest = await readManifest(store, snapshot.target, backup, signal);
    object = backupFolder(snapshot.target, backup) + manifest.objects.path;
    for await (const line of readObjects(store, manifest, signal)) lines.push(line);
    return { lines, findings: compareTotals(manifest, lines, object) };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return { lines: [], findings: [{ code: error.code, object, message: error.message }] };
  }
}

function compareTotals({ totals }: Manifest, lines: ObjectLine[], object: string): Finding[] {
  const storedBytes = lines.reduce((sum, line) => sum + line.bytes, 0);
  if (totals.objects === lines.length && totals.storedBytes === storedBytes) return [];
  return [
    {
      code: 'BACKUP_DAMAGED',
      object,
      message:
        `The manifest counts ${totals.objects} objects of ${totals.storedBytes} bytes, its list ` +
        `${lines.length} of ${storedBytes}.`,
    },
  ];
}
