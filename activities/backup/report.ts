import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import { workflowId } from '../../workflows/contract/names.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Store } from '../stores/store.ts';

export function reportOf(manifest: Manifest, job: BackupJob, { place }: Store): BackupReport {
  const { artifacts, objects, storedBytes, plainBytes } = manifest.totals;
  return {
    backup: manifest.id,
    target: manifest.target,
    store: job.snapshot.store.name,
    place,
    state: manifest.state,
    ...(manifest.delegated
      ? { sameFailureDomain: { copy: workflowId('copy', manifest.target, manifest.id) } }
      : {}),
    artifacts,
    objects,
    storedBytes,
    plainBytes,
    durationMs: Date.parse(manifest.times.completed) - Date.parse(manifest.times.started),
    warnings: manifest.warnings,
  };
}
