import { mayManage } from '../access.ts';
import { demandBase } from '../backup/base-chain.ts';
import {
  BACKUP_CONFIG,
  classesOf,
  FORMAT,
  type GlobalDescriptor,
  readGlobal,
  RESTORE_CONFIG,
  writeDescriptor,
} from '../backup/descriptors.ts';
import { demandNodes, stopParts } from '../backup/nodes.ts';
import { runRestore } from '../backup/run-restore.ts';
import { configOf, demandId, demandOneList, matching } from '../backup/selection.ts';
import { asAnswer, placeOf, placeOfJob, probe } from '../backup/storage-calls.ts';
import { ZERO_TIME } from '../clock.ts';
import type { Slot } from '../cluster.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import type { Place } from '../storage/storage.ts';
import { strikes } from '../switches.ts';
import { elsewhere } from './backups.ts';

interface RestoreRequest {
  include: string[];
  exclude: string[];
  config: Record<string, unknown>;
  node_mapping: Record<string, string>;
  overwriteAlias: boolean;
}

export async function restore(exchange: Exchange): Promise<void> {
  const { world, node, parts, response } = exchange;
  const [backend, id = ''] = parts;
  const { cluster, profile, switches, clock } = world;
  const body = await readJson<RestoreRequest>(exchange);
  const config = configOf(body.config, world);
  const place = placeOf(exchange, config.Bucket, config.Path);
  const fault = profile.operationalFaults ? 500 : 422;
  const backup = await restorable(exchange, place, body);
  const classes = classesOf(backup);
  mayManage(exchange, classes);
  await probe(place, id, fault);

  const answer = { backend, classes, id, path: `${place.home}/${id}`, status: 'STARTED' };
  const earlier = await asAnswer(422, '', readGlobal(place, id, RESTORE_CONFIG));
  const other = node.memory.restore?.id;
  if (earlier?.status === 'CANCELLING' || strikes(switches, 'restoreIgnored', id)) {
    if (earlier?.status === 'CANCELLING') node.memory.restore = undefined;
    sendJson(response, 200, answer);
    return;
  }
  if (other !== undefined) throw new Refusal(422, `restoration ${other} already in progress`);
  if (Object.keys(backup.nodes).length > cluster.nodes.length) {
    throw new Refusal(fault, 'cannot restore: the number of nodes differs from the backup');
  }
  if (Object.keys(body.node_mapping ?? {}).some((from) => !(from in backup.nodes))) {
    // It fails inside, which shows in its log alone.
    sendNothing(response, 200);
    return;
  }
  const mapping = body.node_mapping ?? {};
  const working = Object.keys(backup.nodes).map((from) => {
    const name = mapping[from] ?? from;
    const found = cluster.node(name);
    if (!found) throw new Refusal(fault, `cannot resolve hostname for "${name}"`);
    return found;
  });
  demandNodes(world, working, 'restoring');
  const slot: Slot = { id, home: answer.path, status: 'STARTED', startedAt: clock.now() };
  node.memory.restore = slot;
  const descriptor: GlobalDescriptor = {
    ...backup,
    status: profile.modernRestore ? 'TRANSFERRING' : 'STARTED',
    startedAt: slot.startedAt.toISOString(),
    completedAt: ZERO_TIME,
    error: '',
    node_mapping: body.node_mapping ?? null,
  };
  const order = {
    id,
    place: placeOfJob(exchange, config.Bucket, config.Path),
    overwriteAlias: profile.aliases && body.overwriteAlias === true,
    roles: profile.access && config.rolesOptions === 'all',
    users: profile.access && config.usersOptions === 'all',
  };
  try {
    const writing = writeDescriptor(place, `${id}/${RESTORE_CONFIG}`, descriptor);
    await asAnswer(fault, 'coordinator: cannot init meta file: ', writing);
  } catch (error) {
    node.memory.restore = undefined;
    throw error;
  }
  world.background(
    runRestore(world, node, slot, order, {
      ...descriptor,
      node_mapping: mapping,
    }),
  );
  sendJson(response, 200, answer);
}

/** The backup, narrowed to what is asked of it. */
async function restorable(
  { world, parts }: Exchange,
  place: Place,
  { include = [], exclude = [] }: Partial<RestoreRequest>,
): Promise<GlobalDescriptor> {
  const [, id = ''] = parts;
  const { profile, cluster } = world;
  const home = `${place.home}/${id}`;
  if (cluster.nodes.length > 1 && world.storage.backend === 'filesystem') {
    throw new Refusal(
      422,
      'local filesystem backend is not viable for backing up a node cluster, try s3 or gcs',
    );
  }
  demandOneList(include, exclude);
  const backup = await asAnswer(422, `find backup ${home}: `, readGlobal(place, id));
  if (!backup) {
    const why = `backup id "${id}" does not exist: ${id}/${BACKUP_CONFIG}: metadata not found`;
    throw new Refusal(404, why);
  }
  if (backup.id !== id) {
    throw new Refusal(422, `wrong backup file: expected "${id}" got "${backup.id}"`);
  }
  if (backup.status !== 'SUCCESS') {
    throw new Refusal(422, `invalid backup in scheduler ${home} status: ${backup.status}`);
  }
  if (Object.keys(backup.nodes).length === 0 || backup.error !== '') {
    throw new Refusal(422, 'corrupted backup file: attribute mismatch: [id versions time error]');
  }
  if (backup.version > FORMAT) {
    const why = 'unable to restore backup as it was produced by a higher version';
    throw new Refusal(422, `${why}: ${backup.version} > ${FORMAT}`);
  }
  if (profile.refusesAncient && /^1\.(\d|1\d|2[0-2])\./.test(backup.serverVersion)) {
    throw new Refusal(422, `backup was made by a too old version: ${backup.serverVersion}`);
  }
  if (backup.baseBackupId !== undefined) {
    await demandBase(world, place, backup.baseBackupId, backup.compressionType);
  }
  const all = classesOf(backup);
  const named = matching(all, include, world);
  const unknown = named.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(
      422,
      `class ${unknown} doesn't exist in the backup, but does have [${all.join(' ')}]: `,
    );
  }
  const without = matching(all, exclude, world);
  const kept = include.length > 0 ? named : all.filter((name) => !without.includes(name));
  const nodes = Object.entries(backup.nodes)
    .map(([name, one]) => {
      const classes = one.classes.filter((each) => kept.includes(each));
      return [name, { ...one, classes }] as const;
    })
    .filter(([, { classes }]) => classes.length > 0);
  if (nodes.length === 0) {
    throw new Refusal(422, `nothing left to restore: please choose from : [${all.join(' ')}]`);
  }
  return { ...backup, nodes: Object.fromEntries(nodes) };
}

export async function restoreStatus(exchange: Exchange): Promise<void> {
  const { node, parts, response } = exchange;
  const [backend, id = ''] = parts;
  const { bucket, path } = elsewhere(exchange);
  const place = placeOf(exchange, bucket, path, 'provider');
  const before = 'coordinator cannot get status: ';
  const stored = await asAnswer(500, before, readGlobal(place, id, RESTORE_CONFIG));
  const slot = node.memory.restore?.id === id ? node.memory.restore : undefined;
  if (!slot && !stored) {
    throw new Refusal(404, `${before}${id}/${RESTORE_CONFIG}: metadata not found`);
  }
  if (stored) mayManage(exchange, classesOf(stored));
  const error = slot ? slot.error : stored?.error;
  sendJson(response, 200, {
    backend,
    ...(error ? { error } : {}),
    id,
    path: slot?.home ?? `${place.home}/${id}`,
    status: slot?.status ?? stored?.status,
  });
}

export async function cancelRestore(exchange: Exchange): Promise<void> {
  const { world, parts, response } = exchange;
  const [, id = ''] = parts;
  const { bucket, path } = elsewhere(exchange);
  const place = placeOf(exchange, bucket, path, 'provider');
  demandId(id);
  const fault = world.profile.operationalFaults ? 500 : 422;
  await probe(place, id, fault);
  const stored = await asAnswer(fault, 'cancel: ', readGlobal(place, id, RESTORE_CONFIG));
  if (stored) mayManage(exchange, classesOf(stored));
  const slot = runningSlot(exchange, id);
  if (slot?.status === 'FINALIZING') {
    throw new Refusal(422, `restore "${id}" is applying schema changes and cannot be cancelled`);
  }
  if (!slot && stored?.status === 'SUCCESS') {
    throw new Refusal(422, `restore "${id}" already succeeded`);
  }
  const rewritten = async (status: string, error = '') => {
    if (!stored) return;
    const changed = { ...stored, status, error };
    await asAnswer(fault, 'cancel: ', writeDescriptor(place, `${id}/${RESTORE_CONFIG}`, changed));
  };
  const running = slot?.status.startsWith('TRANSFER') === true;
  if (running || ['STARTED', 'TRANSFERRING'].includes(stored?.status ?? '')) {
    await rewritten('CANCELLING');
    stopParts(world, id, 'restoring');
    if (strikes(world.switches, 'cancelStaysCancelling', id)) {
      // Whoever dies here leaves the word behind, and no restore of this id begins any more.
      for (const { memory } of world.cluster.nodes) {
        if (memory.restore === slot) memory.restore = undefined;
      }
    } else {
      await rewritten('CANCELED', 'restore canceled by user');
      // The slot stays taken until the coordinator looks again.
      if (slot && running) slot.status = 'CANCELED';
    }
  } else if (stored?.status === 'FAILED') await rewritten('CANCELED', 'restore canceled by user');
  sendNothing(response, 204);
}

/** Of whichever node coordinates it: the one that was asked tells the others. */
function runningSlot({ world }: Exchange, id: string): Slot | undefined {
  const slots = world.cluster.nodes.map(({ memory }) => memory.restore);
  return slots.find((slot) => slot?.id === id);
}
