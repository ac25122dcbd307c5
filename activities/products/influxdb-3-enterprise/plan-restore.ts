import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { DelegatedBackup, PlannedJob } from '../delegated.ts';
import { readCensus } from './census-record.ts';
import { few } from '../../few.ts';
import { idsOf } from './find-restore.ts';
import { checkName } from './names.ts';
import { RestoreApi } from './restore-api.ts';
import type { PlanDetail } from './restore-detail.ts';
import type { Session } from './session.ts';
import { listDatabases } from './tables.ts';
import { isAdditive, readVersionsOfEngine } from './version.ts';

/** What a restore does to this cluster, which is another act in each version. Changes nothing. */
export async function planRestore(
  session: Session,
  request: { backup: DelegatedBackup; restore: RestoreRequest; destination: string },
): Promise<PlannedJob> {
  const { client, connection } = session;
  const { backup, restore, destination } = request;
  const { manifest } = backup;
  demandWhole(restore);
  demandSameCluster(backup, connection.clusterId, destination);
  // The list finds the engine, and its version is asked for at the same address.
  const known = idsOf(await new RestoreApi(client).list());
  const [version, ...others] = await readVersionsOfEngine(client);
  const additive = isAdditive(version);
  const census = await readCensus(backup);
  const here = await listDatabases(client);
  const held = census?.after.databases.map(({ name }) => name) ?? [];
  const now = Array.isArray(here) ? here.map(({ name }) => name) : [];
  const { from, to } = manifest.times.captured;
  // The server keeps to itself at which moment between the two it took its backup.
  const moment = `${from}, at the latest ${to}`;
  const detail: PlanDetail = {
    format: 1,
    additive,
    version: [version, ...others].map(({ text }) => text).join(' or '),
    ...(!additive && others.some(isAdditive) ? { halfUpgraded: true } : {}),
    plannedAt: new Date().toISOString(),
    known,
    uuids: [client.pin.uuid, manifest.product.identity].filter(Boolean),
  };
  return {
    name: checkName(backup.name),
    summary: {
      backup: manifest.id,
      from: manifest.target,
      into: destination,
      destructive: !additive,
      creates: few(held.filter((name) => !now.includes(name))),
      replaces: additive
        ? [
            `the state of cluster ${connection.clusterId}: what it lacks of ${moment}, is added to it, and cannot be taken out again`,
          ]
        : few([
            `the whole cluster ${connection.clusterId}: it goes back to ${moment}, in place, and everything written since is removed`,
            ...now,
          ]),
      leaves: additive ? few(now.filter((name) => !held.includes(name))) : [],
      bound: additive
        ? []
        : ['tokens, users, triggers and whatever else the catalog got since the backup'],
      artifacts: manifest.delegated?.count ?? manifest.totals.objects,
      bytes: manifest.delegated?.bytes ?? manifest.totals.plainBytes,
      warnings: warningsOf(detail, census !== undefined && Array.isArray(here)),
    },
    detail: { ...detail },
  };
}

const HALF_UPGRADED =
  ' The address leads to nodes of versions that restore in different ways, and which of them restores is not known: better end the upgrade first.';

function warningsOf({ additive, version, halfUpgraded }: PlanDetail, provable: boolean): Warning[] {
  const warnings: Warning[] = [];
  if (additive) {
    warnings.push({
      code: 'RESTORE_NEEDS_RESTART',
      message: `InfluxDB 3 Enterprise ${version} only adds what is missing, removes nothing that was written since, and shows it after a restart of every node, which Holdfast cannot do; so it cannot prove it either.`,
    });
  } else {
    warnings.push({
      code: 'RESTORE_ROLLS_BACK',
      message: `InfluxDB 3 Enterprise ${version} goes back to the backup in place: every database at once, the catalog with its tokens too. Writes are refused meanwhile, and it cannot be undone.${halfUpgraded ? HALF_UPGRADED : ''}`,
    });
  }
  warnings.push({
    code: 'DELETES_PERSIST',
    message: 'Rows that were deleted after the backup may stay deleted: backups hold no deletes.',
  });
  if (!provable && !additive) {
    warnings.push({
      code: 'PROOF_IMPOSSIBLE',
      message:
        'Rows were not counted, or no node answers queries: that the restore is complete will only be the word of the server.',
    });
  }
  return warnings;
}

/** @throws INPUT_INVALID, DESTINATION_EXISTS */
function demandWhole({ select, rename, onConflict }: RestoreRequest): void {
  const selected = Object.values<string[] | undefined>({ ...select }).some(
    (names) => (names?.length ?? 0) > 0,
  );
  const renamed = Object.keys(rename ?? {}).length > 0;
  const asked = selected ? '`select`' : renamed ? '`rename`' : '`onConflict: rename`';
  if (selected || renamed || onConflict === 'rename') {
    throw new HoldfastError(
      'INPUT_INVALID',
      `InfluxDB 3 Enterprise restores whole clusters only, in place, and the restore was asked for with ${asked}.`,
      { hint: 'Start the restore without it.' },
    );
  }
  if (onConflict === 'fail') {
    throw new HoldfastError(
      'DESTINATION_EXISTS',
      'InfluxDB 3 Enterprise restores whole clusters only, in place, which `onConflict: fail` forbids; nothing was changed.',
      { hint: 'Start the restore without `onConflict`.' },
    );
  }
}

/** The server looks below its own cluster id only. @throws INPUT_INVALID */
function demandSameCluster(backup: DelegatedBackup, clusterId: string, destination: string): void {
  const { clusterId: taken } = backup.manifest.detail;
  if (taken === clusterId) return;
  throw new HoldfastError(
    'INPUT_INVALID',
    `Backup ${backup.manifest.id} is of the cluster id ${String(taken)}, and ${destination} is ${clusterId}: a backup can only be restored under its own cluster id.`,
    { hint: 'Start a new cluster with the same `--cluster-id` and node ids on an empty store.' },
  );
}
