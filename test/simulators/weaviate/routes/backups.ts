import { randomUUID } from 'node:crypto';
import { mayManage, permitted } from '../access.ts';
import { compressionOf } from '../backup/chunk.ts';
import {
  BACKUP_CONFIG,
  classesOf,
  FORMAT,
  type GlobalDescriptor,
  readGlobal,
  writeDescriptor,
} from '../backup/descriptors.ts';
import { summary } from '../backup/back-up-node.ts';
import { demandBase } from '../backup/base-chain.ts';
import { demandNodes, stopParts } from '../backup/nodes.ts';
import { runBackup } from '../backup/run-backup.ts';
import { configOf, demandId, demandOneList, matching } from '../backup/selection.ts';
import { asAnswer, placeOf, placeOfJob, probe } from '../backup/storage-calls.ts';
import { ZERO_TIME } from '../clock.ts';
import type { Slot } from '../cluster.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { strikes } from '../switches.ts';

interface CreateRequest {
  id: string;
  include: string[];
  exclude: string[];
  config: Record<string, unknown>;
  includeUsers: string[];
  includeRoles: string[];
  incremental_base_backup_id: string | null;
}

export async function createBackup(exchange: Exchange): Promise<void> {
  const { world, node, response } = exchange;
  const { cluster, profile, switches, clock } = world;
  const body = await readJson<CreateRequest>(exchange);
  const config = configOf(body.config, world);
  const id = body.id ?? '';
  const base = profile.incremental ? (body.incremental_base_backup_id ?? undefined) : undefined;
  // An id that is missing is equal to a base that is missing.
  if (id === '' || base === id) {
    throw new Refusal(500, `base backup cannot be the same as the new backup ID: ${id}`);
  }

  const include = body.include ?? [];
  const all = permitted(exchange, [...cluster.collections.keys()].sort(), include);
  const place = placeOf(exchange, config.Bucket, config.Path);
  if (cluster.nodes.length > 1 && world.storage.backend === 'filesystem') {
    throw new Refusal(
      422,
      'local filesystem backend is not viable for backing up a node cluster, try s3 or gcs',
    );
  }
  demandId(id);
  const classes = chosenClasses(exchange, all, include, body.exclude ?? []);
  if (strikes(switches, 'reindexing')) {
    throw new Refusal(422, `class ${classes[0]}: reindex in flight, cannot back up`);
  }

  const home = `${place.home}/${id}`;
  const before = `check if backup "${id}" exists at "${home}": `;
  const existing = await asAnswer(422, before, readGlobal(place, id));
  if (existing && existing.status !== 'CANCELED') {
    throw new Refusal(422, `backup "${id}" already exists at "${home}"`);
  }
  // A cancelled one was meant to be free again; what is wrapped here is no error.
  if (existing) throw new Refusal(422, `${before}%!w(<nil>)`);
  const level = config.CompressionLevel ?? 'DefaultCompression';
  if (base !== undefined) await demandBase(world, place, base, compressionOf(level));

  const fault = profile.operationalFaults ? 500 : 422;
  await probe(place, id, fault);
  const taken = strikes(switches, 'slotTaken') ? `other-${randomUUID()}` : node.memory.backup?.id;
  if (taken !== undefined) throw new Refusal(422, `backup ${taken} already in progress`);
  if (strikes(switches, 'otherCoordinator')) {
    const other = `node "${node.name}": cannot commit : backup other-${randomUUID()}`;
    throw new Refusal(fault, `${other} already in progress`);
  }
  const working = workingNodes(exchange, classes);
  demandNodes(world, cluster.nodes, 'backingUp');
  const slot: Slot = { id, home, status: 'STARTED', startedAt: clock.now() };
  node.memory.backup = slot;
  const descriptor = started(exchange, slot, working, compressionOf(level), base);
  try {
    const writing = writeDescriptor(place, `${id}/${BACKUP_CONFIG}`, descriptor);
    await asAnswer(fault, 'coordinator: cannot init meta file: ', writing);
  } catch (error) {
    node.memory.backup = undefined;
    throw error;
  }
  const jobPlace = placeOfJob(exchange, config.Bucket, config.Path);
  const order = { id, place: jobPlace, classes, level, base, startedAt: slot.startedAt };
  world.background(runBackup(world, node, slot, order, descriptor));
  sendJson(response, 200, {
    backend: exchange.parts[0],
    ...(config.Bucket === undefined ? {} : { bucket: config.Bucket }),
    classes,
    id,
    path: home,
    status: 'STARTED',
  });
}

function chosenClasses(
  { world }: Exchange,
  all: string[],
  include: string[],
  exclude: string[],
): string[] {
  demandOneList(include, exclude);
  if (include.length === 0 && all.length === 0) {
    throw new Refusal(422, "no available classes to backup, there's nothing to do here");
  }
  const without = matching(all, exclude, world);
  const chosen =
    include.length === 0
      ? all.filter((name) => !without.includes(name))
      : matching(all, include, world);
  if (chosen.length === 0) {
    throw new Refusal(422, `empty class list: please choose from : [${all.join(' ')}]`);
  }
  const unknown = chosen.find((name) => !world.cluster.collections.has(name));
  if (unknown !== undefined) throw new Refusal(422, `class ${unknown} doesn't exist`);
  return chosen;
}

/** The leader saves every class, the others those that they have shards of. */
function workingNodes({ world }: Exchange, classes: string[]): Record<string, string[]> {
  const { nodes, leader, collections } = world.cluster;
  const has = (node: string, name: string) =>
    [...(collections.get(name)?.shards.values() ?? [])].some((shard) => shard.node === node);
  const working = nodes.map(({ name }) => [
    name,
    name === leader.name ? classes : classes.filter((one) => has(name, one)),
  ]);
  return Object.fromEntries(working.filter(([, list]) => (list?.length ?? 0) > 0)) as Record<
    string,
    string[]
  >;
}

function started(
  { world }: Exchange,
  { id, startedAt }: Slot,
  working: Record<string, string[]>,
  compressionType: string,
  base: string | undefined,
): GlobalDescriptor {
  return {
    startedAt: startedAt.toISOString(),
    completedAt: ZERO_TIME,
    id,
    nodes: Object.fromEntries(
      Object.entries(working).map(([name, list]) => [name, summary('STARTED', list)]),
    ),
    node_mapping: null,
    status: 'STARTED',
    version: FORMAT,
    serverVersion: world.profile.version,
    leader: world.cluster.leader.name,
    error: '',
    preCompressionSizeBytes: 0,
    compressionType,
    ...(base === undefined ? {} : { baseBackupId: base }),
  };
}

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
