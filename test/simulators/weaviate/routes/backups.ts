import { mayManage } from '../access.ts';
import {
  BACKUP_CONFIG,
  classesOf,
  type GlobalDescriptor,
  readGlobal,
} from '../backup/descriptors.ts';
import { stopParts } from '../backup/nodes.ts';
import { demandId } from '../backup/selection.ts';
import { asAnswer, placeOf, probe } from '../backup/storage-calls.ts';
import { ZERO_TIME } from '../clock.ts';
import { type Exchange, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { strikes } from '../switches.ts';

export async function backupStatus(exchange: Exchange): Promise<void> {
  const { world, node, parts, caller, response } = exchange;
  const [backend, id = ''] = parts;
  const { profile } = world;
  const { bucket, path } = elsewhere(exchange);
  const place = placeOf(exchange, bucket, path, 'provider');
  const fault = profile.operationalFaults ? 500 : 422;
  const stored = await asAnswer(fault, 'coordinator cannot get status: ', readGlobal(place, id));
  if (stored) mayManage(exchange, classesOf(stored));
  const slot = node.memory.backup?.id === id ? node.memory.backup : undefined;
  if (!slot && !stored) {
    throw new Refusal(
      404,
      `coordinator cannot get status: metadata not found: "${place.home}/${id}": ${id}/${BACKUP_CONFIG}: The specified key does not exist.`,
    );
  }
  const failure = stored?.status === 'STARTED' ? node.memory.failures.get(id) : undefined;
  const remembered =
    slot ?? (failure === undefined ? undefined : { status: 'FAILED', error: failure });
  const status = remembered?.status ?? stored?.status;
  const error = remembered ? remembered.error : stored?.error;
  const bytes = slot ? 0 : (stored?.preCompressionSizeBytes ?? 0);
  sendJson(response, 200, {
    backend,
    ...(profile.times
      ? {
          completedAt: slot ? ZERO_TIME : stored?.completedAt,
          startedAt: slot?.startedAt.toISOString() ?? stored?.startedAt,
        }
      : {}),
    ...(error ? { error } : {}),
    id,
    ...(caller?.root !== false && stored?.baseBackupId !== undefined
      ? { incremental_base_backup_id: stored.baseBackupId }
      : {}),
    path: slot?.home ?? `${place.home}/${id}`,
    ...(profile.size && bytes > 0 ? { size: bytes / 2 ** 30 } : {}),
    status: strikes(world.switches, 'unknownStatus', id) ? 'COMPACTING' : status,
  });
}

export async function cancelBackup(exchange: Exchange): Promise<void> {
  const { world, parts, response } = exchange;
  const [, id = ''] = parts;
  const { bucket, path } = elsewhere(exchange);
  const place = placeOf(exchange, bucket, path, 'provider');
  demandId(id);
  const fault = world.profile.operationalFaults ? 500 : 422;
  await probe(place, id, fault);
  const stored = await readGlobal(place, id).catch(() => undefined);
  if (stored) mayManage(exchange, classesOf(stored));
  if (stored?.status === 'SUCCESS') throw new Refusal(422, `backup "${id}" already succeeded`);
  if (!strikes(world.switches, 'cancelLate', id)) stopParts(world, id, 'backingUp');
  sendNothing(response, 204);
}

export async function listBackups(exchange: Exchange): Promise<void> {
  const { world, url, response, caller } = exchange;
  const { profile } = world;
  const place = placeOf(exchange, undefined, undefined);
  if (profile.list === 'not-implemented') throw new Refusal(500, 'not implemented');
  const order = url.searchParams.get('order') ?? 'desc';
  if (profile.list === 'full' && order !== 'asc' && order !== 'desc') {
    throw new Refusal(422, 'order in query should be one of [asc desc]', 606);
  }
  const fault = profile.operationalFaults ? 500 : 422;
  const keys = await asAnswer(fault, 'list backups: ', place.list(''));
  const found: GlobalDescriptor[] = [];
  for (const key of keys.filter((one) => one.endsWith(`/${BACKUP_CONFIG}`))) {
    const stored = await readGlobal(place, key.split('/')[0] ?? '');
    if (stored && mayManage(exchange, classesOf(stored), false)) found.push(stored);
  }
  const ahead = profile.list === 'full' && order === 'asc' ? 1 : -1;
  found.sort((a, b) => (a.startedAt < b.startedAt ? -ahead : ahead));
  const items = found.map((one) => ({
    classes: classesOf(one),
    completedAt: one.completedAt,
    id: one.id,
    ...(caller?.root !== false && one.baseBackupId !== undefined
      ? { incremental_base_backup_id: one.baseBackupId }
      : {}),
    ...(profile.list === 'full' && one.preCompressionSizeBytes > 0
      ? { size: one.preCompressionSizeBytes / 2 ** 30 }
      : {}),
    startedAt: one.startedAt,
    status: one.status,
  }));
  sendJson(response, 200, items);
}

/** `bucket` and `path` of the query. */
export function elsewhere({ world, url }: Exchange): { bucket?: string; path?: string } {
  const { searchParams } = url;
  const [bucket, path] = [searchParams.get('bucket'), searchParams.get('path')];
  if (!world.profile.elsewhere) return {};
  return { ...(bucket === null ? {} : { bucket }), ...(path === null ? {} : { path }) };
}
