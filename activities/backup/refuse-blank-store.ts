import type { BackupReport, Skipped } from '../../workflows/contract/operations.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/** Retention keeps runs for days at least, and a schedule makes one a day. */
const LOOKED_AT = 20;

/**
 * A folder is there also when its disk is not, and then a backup would land on the disk of the system, out of sight when
 * the disk is back. Only Temporal still knows of earlier backups then.
 * @throws STORE_BUCKET_MISSING when the store is empty, and a run of these days put a backup of the target there
 */
export async function refuseBlankStore(
  deps: Dependencies,
  store: Store,
  snapshot: TargetSnapshot,
  signal: AbortSignal,
): Promise<void> {
  if (!(await store.isBlank?.({ signal }))) return;
  const earlier = await earlierBackup(deps, store, snapshot);
  if (!earlier) return;
  throw new HoldfastError(
    'STORE_BUCKET_MISSING',
    `Store ${store.name} (${store.place}) is empty, though backup ${earlier.backup} of target ${earlier.target} was put ` +
      'there: its disk is not mounted, or somebody has emptied the directory.',
    {
      hint:
        'Mount the disk. If the directory is to be filled anew, make the folder of the target in it ' +
        `(\`mkdir -m 700 ${store.place}/${snapshot.target}\`, as the worker's user), and start the run again.`,
    },
  );
}

/**
 * Of this target alone: another one may have its worker, and a directory of that name, on another host. Where Temporal
 * does not tell, nothing is known of earlier backups, and that is no reason to take none.
 */
async function earlierBackup(
  deps: Dependencies,
  store: Store,
  { target }: TargetSnapshot,
): Promise<BackupReport | undefined> {
  const runs = (await deps.searchable())
    ? `HoldfastTarget = "${target}"`
    : `WorkflowId BETWEEN "backup/${target}/" AND "backup/${target}0"`;
  const query = `WorkflowType = "backup" AND ExecutionStatus = "Completed" AND ${runs}`;
  const { client } = deps;
  try {
    let looked = 0;
    for await (const { workflowId, runId } of client.workflow.list({
      query,
      pageSize: LOOKED_AT,
    })) {
      const handle = client.workflow.getHandle(workflowId, runId);
      const report = (await handle.result()) as BackupReport | Skipped;
      if ('place' in report && report.place === store.place) return report;
      if (++looked === LOOKED_AT) break;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
