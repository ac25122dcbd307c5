import { demandAdmin } from '../access.ts';
import type { BackupRecord, Cluster } from '../cluster.ts';
import { type Exchange, readJson, Refusal, sendJson } from '../exchange.ts';
import { CANCEL_MS } from '../jobs/pace.ts';
import { recognise } from '../jobs/put-back.ts';
import { runBackup } from '../jobs/run-backup.ts';
import { strikes } from '../switches.ts';
import { demandEngine } from './engine.ts';
import { backupBody } from './records.ts';

export async function listBackups(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  await recognise(cluster, 'running');
  const shown = [...cluster.backups.values()].filter(({ type }) => type === 'full');
  sendJson(exchange, 200, { backups: shown.map((one) => backupBody(one, switches)) });
}

export async function startBackup(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  const body = await readJson<{ type: string; name: string; force: boolean; parent: string }>(
    exchange,
  );
  const incremental = body.type === 'incremental' && switches.incrementals;
  if (body.type !== 'full' && !incremental) throw new Refusal(400, 'unknown or missing type');
  if (incremental) demandParent(cluster, body.parent);
  const name = body.name ?? new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  await recognise(cluster, 'running');
  await demandFree(exchange, name, body.force === true);
  const record: BackupRecord = {
    name,
    type: incremental ? 'incremental' : 'full',
    ...(body.parent === undefined ? {} : { parent: body.parent }),
    status: 'in_progress',
    createdAt: cluster.now(),
    files: 0,
    bytes: 0,
    work: new AbortController(),
  };
  cluster.backups.set(name, record);
  void runBackup(cluster, record);
  sendJson(exchange, 202, { backup_name: name, status: 'in_progress' });
}

async function demandFree(exchange: Exchange, name: string, force: boolean): Promise<void> {
  const { cluster, switches } = exchange;
  const there = cluster.backups.get(name);
  const other = [...cluster.backups.values()].find(
    (one) => one.status === 'in_progress' && one.work && one.name !== name,
  );
  if (other && !switches.concurrentBackups) {
    throw new Refusal(409, 'another backup job is in flight');
  }
  if (!there) return;
  const running = there.status === 'in_progress';
  if (!force || (running && switches.forceOnRunning === 'conflict')) {
    throw new Refusal(409, 'a backup with that name exists, or its job is in flight');
  }
  there.work?.abort('force');
  await removeObjects(cluster, name);
}

function demandParent(cluster: Cluster, parent: string | undefined): void {
  if (cluster.backups.get(parent ?? '')?.status === 'completed') return;
  throw new Refusal(400, 'the parent of an incremental backup must be complete');
}

export async function cancelBackup(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  const { name } = await readJson<{ name: string }>(exchange);
  if (typeof name !== 'string') throw new Refusal(400, 'serde json error: missing field `name`');
  const record = cluster.backups.get(name);
  if (record?.status !== 'in_progress' || !record.work) {
    throw new Refusal(404, 'no backup is running with that name');
  }
  const { work } = record;
  if (switches.cancelledBackup !== 'completed') {
    setTimeout(() => work.abort('cancel'), CANCEL_MS);
  }
  sendJson(exchange, 200, { backup_name: name });
}

export async function getBackup(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  await recognise(cluster, 'running');
  const record = cluster.backups.get(exchange.parts[0] ?? '');
  if (record?.type !== 'full') throw new Refusal(404, 'no backup exists with that name');
  sendJson(exchange, 200, backupBody(record, switches));
}

export async function deleteBackup(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  const name = exchange.parts[0] ?? '';
  await recognise(cluster, 'running');
  const record = cluster.backups.get(name);
  if (!record) throw new Refusal(404, 'no backup exists with that name');
  if (record.status === 'in_progress') throw new Refusal(409, 'the backup is in progress');
  const rested = [...cluster.backups.values()].some(({ parent }) => parent === name);
  if (strikes(switches, 'chainConflict', name) || (rested && record.type === 'full')) {
    throw new Refusal(409, 'the backup chain is in a conflicting state');
  }
  for (const gone of [name, ...descendants(cluster, name)]) {
    await removeObjects(cluster, gone);
    cluster.backups.delete(gone);
  }
  sendJson(exchange, 200, { backup_name: name, type: record.type });
}

function descendants(cluster: Cluster, name: string): string[] {
  const children = [...cluster.backups.values()].filter(({ parent }) => parent === name);
  return children.flatMap((child) => [child.name, ...descendants(cluster, child.name)]);
}

async function removeObjects(cluster: Cluster, name: string): Promise<void> {
  const left = await cluster.storage.list(cluster.prefix(name));
  await cluster.storage.remove(left.map(({ key }) => key));
}
