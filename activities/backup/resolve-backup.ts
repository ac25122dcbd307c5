import type { Activities } from '../../workflows/contract/activities.ts';
import type { BackupRequest } from '../../workflows/contract/operations.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { attempt } from '../attempt/attempt.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { notActedOn } from '../not-acted-on.ts';
import { findProduct } from '../products/registry.ts';
import { backupRequest, parseRequest } from '../requests.ts';
import { backupJob, runFacts } from '../resolve.ts';

export function resolveBackup(deps: Dependencies): Activities['resolveBackup'] {
  return ({ input, scheduledAt }) =>
    attempt(deps, async () => {
      const request = parseRequest<BackupRequest>('backup', backupRequest, input);
      const snapshot = snapshotOf(await deps.loadConfig(), request.target);
      requireSource(snapshot);
      const job = backupJob(snapshot, await runFacts(deps), {
        ...(scheduledAt ? { scheduledAt } : {}),
        ...(request.note === undefined ? {} : { note: request.note }),
        ...(request.tags ? { tags: request.tags } : {}),
        ...(request.full ? { full: true } : {}),
      });
      return { ...job, warnings: [...job.warnings, ...notActedOn(snapshot.product, request)] };
    });
}

function requireSource({ target, product: name }: TargetSnapshot): void {
  const product = findProduct(name);
  if (product.kind !== 'streamed' || !product.restoreOnly) return;
  throw new HoldfastError(
    'INPUT_INVALID',
    `Target ${target} is ${name}, which Holdfast restores into and does not back up.`,
  );
}
