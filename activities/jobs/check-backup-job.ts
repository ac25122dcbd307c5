import { Readable } from 'node:stream';
import type { Activities, BackupJob } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { predecessor } from '../catalog/predecessor.ts';
import type { Dependencies } from '../dependencies.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { Inventory } from '../products/delegated.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere, sealerOf, withStore } from '../workspace.ts';
import { findInventory, noteInventory, type TakenInventory } from './inventory.ts';
import { recordOf } from './job-record.ts';
import { previousBackup } from './previous-backup.ts';
import { withJob } from './with-job.ts';

export function checkBackupJob(deps: Dependencies): Activities['checkBackupJob'] {
  return ({ job, round }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const taken =
          (await findInventory(store, job, at.signal)) ??
          (await noteInventory(store, job, await take(deps, at, job, round, store), at.signal));
        const before = await predecessor(store, job, at.signal);
        const bytes = taken.objects.reduce((sum, object) => sum + object.bytes, 0);
        return {
          pages: [],
          artifacts: taken.objects.length,
          ...(before ? { bytes: before.totals.plainBytes } : {}),
          stored: { artifacts: taken.objects.length, bytes },
          warnings: taken.warnings,
        };
      }),
    );
}

async function take(
  deps: Dependencies,
  at: Attempt,
  job: BackupJob,
  round: number,
  store: Store,
): Promise<TakenInventory> {
  const record = await recordOf(store, job, round, at.signal);
  const { name, since, observed } = record;
  const inventory = await withJob(
    deps,
    at,
    job.snapshot,
    record,
    ({ backup }) => backup.inventory(name, observed),
    await previousBackup(store, job, at.signal),
  );
  const { objects, bases, detail, warnings } = inventory;
  return {
    name,
    captured: { from: since, to: new Date().toISOString() },
    objects,
    lines: await storeFiles(at, job, store, inventory),
    bases,
    detail,
    warnings,
  };
}

/** Holdfast's own record of what the database held lies in the backup from the commit on. */
async function storeFiles(
  at: Attempt,
  job: BackupJob,
  store: Store,
  { files }: Inventory,
): Promise<ObjectLine[]> {
  const { snapshot, backup } = job;
  const [sealer, opener] = [await sealerOf(snapshot), await openerIfHere(snapshot)];
  const lines: ObjectLine[] = [];
  for (const { path, role, subject, bytes } of files) {
    const stored = await storeArtifact({
      store,
      folder: backupFolder(snapshot.target, backup),
      artifact: { path, role, subject, format: 'bytes', key: {}, bytes: bytes.length },
      open: () => Promise.resolve({ body: Readable.from([bytes]), codec: 'identity' }),
      // What an earlier attempt counted may be of another moment.
      adopt: false,
      sealer,
      opener,
      signal: at.signal,
    });
    lines.push(...stored);
  }
  return lines;
}
