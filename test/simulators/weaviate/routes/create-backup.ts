import { randomUUID } from 'node:crypto';
import { permitted } from '../access.ts';
import { summary } from '../backup/back-up-node.ts';
import { demandBase } from '../backup/base-chain.ts';
import { compressionOf } from '../backup/chunk.ts';
import {
  BACKUP_CONFIG,
  FORMAT,
  type GlobalDescriptor,
  readGlobal,
  writeDescriptor,
} from '../backup/descriptors.ts';
import { demandNodes } from '../backup/nodes.ts';
import { runBackup } from '../backup/run-backup.ts';
import { configOf, demandId, demandOneList, matching } from '../backup/selection.ts';
import { asAnswer, placeOf, placeOfJob, probe } from '../backup/storage-calls.ts';
import { ZERO_TIME } from '../clock.ts';
import type { Slot } from '../cluster.ts';
import { type Exchange, readJson, Refusal, sendJson } from '../exchange.ts';
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
