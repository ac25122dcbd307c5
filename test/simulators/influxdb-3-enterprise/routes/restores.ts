import { demandAdmin } from '../access.ts';
import { newId, type RestoreRecord } from '../cluster.ts';
import { type Exchange, readJson, Refusal, send, sendJson } from '../exchange.ts';
import { recognise } from '../jobs/put-back.ts';
import { CANCEL_MS } from '../jobs/pace.ts';
import { runRestore } from '../jobs/run-restore.ts';
import { strikes } from '../switches.ts';
import { demandEngine } from './engine.ts';
import { restoreBody } from './records.ts';

export function listRestores(exchange: Exchange): void {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  const restores = cluster.restores
    .filter(({ work, backup }) => !(work && strikes(switches, 'restoreUnlisted', backup)))
    .map((one) => restoreBody(one, switches, 'list'));
  sendJson(exchange, 200, { restores });
}

export async function startRestore(exchange: Exchange): Promise<void> {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches } = exchange;
  const { backup_name: name = '' } = await readJson<{ backup_name: string }>(exchange);
  if (name === '') throw new Refusal(400, 'backup_name must not be empty');
  if (cluster.restoring) throw new Refusal(409, 'a restore is already running');
  if (strikes(switches, 'leaseHeld', name)) {
    throw new Refusal(503, 'the restore lease could not be acquired');
  }
  await recognise(cluster, 'running');
  const known = cluster.backups.get(name)?.status === 'completed';
  if (!known && switches.unknownBackup === '404') throw new Refusal(404, 'no such backup');
  if (!known && switches.unknownBackup === '400') throw new Refusal(400, 'no such backup');
  const record: RestoreRecord = {
    id: newId(),
    backup: name,
    status: 'in_progress',
    createdAt: cluster.now(),
    files: 0,
    bytes: 0,
    work: new AbortController(),
  };
  cluster.restores.unshift(record);
  void runRestore(cluster, record);
  sendJson(exchange, 202, { restore_id: record.id, status: 'in_progress' });
}

export function getRestore(exchange: Exchange): void {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches, parts } = exchange;
  const record = cluster.restores.find(({ id }) => id === parts[0]);
  if (!record) throw new Refusal(404, 'no restore exists with that id');
  sendJson(exchange, 200, restoreBody(record, switches, 'page'));
}

export function cancelRestore(exchange: Exchange): void {
  demandAdmin(exchange);
  demandEngine(exchange);
  const { cluster, switches, parts } = exchange;
  const record = cluster.restores.find(({ id }) => id === parts[0]);
  if (!record?.work) throw new Refusal(404, 'no restore is running with that id');
  const { work } = record;
  if (switches.cancelledRestore !== 'completed') {
    setTimeout(() => work.abort('cancel'), CANCEL_MS);
  }
  send(exchange, 204, '');
}
