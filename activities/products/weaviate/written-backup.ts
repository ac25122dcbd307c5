import type { ProductObject } from '../../catalog/product-objects.ts';
import { eachBounded } from '../../each-bounded.ts';
import { HoldfastError } from '../../failure.ts';
import { shortened } from '../../shortened.ts';
import type { Store, StoredObject } from '../../stores/store.ts';
import type { PreviousBackup } from '../delegated.ts';
import { baseChunkFault, listedAmong } from './base-chain.ts';
import { chunkFault } from './chunk-fault.ts';
import {
  globalKey,
  nodeKey,
  readGlobal,
  readNode,
  restoreKey,
  type GlobalDescriptor,
  type NodeDescriptor,
} from './descriptors.ts';
import { told } from '../../few.ts';
import { timeOf } from './job-status.ts';

/** A backup as it lies in the storage, found whole. */
export interface WrittenBackup {
  global: GlobalDescriptor;
  /** By the name of the node. */
  nodes: Map<string, NodeDescriptor>;
  classes: string[];
  objects: ProductObject[];
  /** The whole chain that it rests on, the next base first. */
  bases: string[];
}

interface Search {
  storage: Store;
  /** For people: who wrote it. */
  server: string;
  name: string;
  /** On which it may rest. */
  previous: PreviousBackup | undefined;
  concurrency: number;
  signal: AbortSignal;
}

/**
 * Checks by Weaviate's own rules that a backup which it calls successful is whole: it keeps no checksums, and has called
 * backups successful that lacked the files of a node.
 * @throws BACKUP_INCOMPLETE naming what is missing
 */
export async function checkWritten(search: Search): Promise<WrittenBackup> {
  const { storage, name, concurrency, signal } = search;
  const global = await requireGlobal(search);
  const there = new Map<string, StoredObject>();
  for await (const object of storage.list(`${name}/`, { signal })) there.set(object.key, object);
  const nodes = new Map<string, NodeDescriptor>();
  const owners = new Map([[globalKey(name), { role: 'descriptor', subject: 'the whole backup' }]]);
  const foreign = new Map<string, string>();
  for (const node of Object.keys(global.nodes)) {
    const descriptor = await requireNode(search, node);
    nodes.set(node, descriptor);
    owners.set(nodeKey(name, node), { role: 'node-descriptor', subject: `node ${node}` });
    for (const { name: className, chunks, shards } of descriptor.classes ?? []) {
      const subject = `class ${className} on ${node}`;
      for (const chunk of Object.keys(chunks ?? {})) {
        owners.set(`${name}/${node}/${className}/chunk-${chunk}`, { role: 'chunk', subject });
      }
      for (const [base, key] of (shards ?? []).flatMap(baseChunks)) {
        foreign.set(`${base}/${node}/${key}`, subject);
      }
    }
  }
  const classes = requireClassesOnNodes(search, global, nodes);
  const chunks = [...owners].filter(([, { role }]) => role === 'chunk');
  await eachBounded(chunks, concurrency, async ([key, { subject }]) => {
    const object = there.get(key);
    const fault = object ? await chunkFault(storage, object, signal) : 'is missing';
    if (fault) throw incomplete(search, `${key} (${subject}) ${fault}`);
  });
  const listed = await listedAmong(search.previous, new Set(foreign.keys()));
  await eachBounded([...foreign], concurrency, async ([key, subject]) => {
    const fault = await baseChunkFault(storage, key, listed, signal);
    if (!fault) return;
    throw incomplete(search, `${key} of an earlier backup, which ${subject} rests on, ${fault}`);
  });
  const objects = [...there.values()]
    .filter(({ key }) => key !== restoreKey(name) && !key.endsWith('/access-check'))
    .map(({ key, bytes, etag }) => ({
      key,
      bytes,
      ...(etag !== undefined && { etag }),
      ...(owners.get(key) ?? { role: 'other', subject: key.slice(name.length + 1) }),
    }));
  return { global, nodes, classes, objects, bases: await chainOf(search, global) };
}

async function requireGlobal(search: Search): Promise<GlobalDescriptor> {
  const { storage, name, signal } = search;
  const global = await readGlobal(storage, name, signal);
  if (!global) throw incomplete(search, `${globalKey(name)} is missing or cannot be read`);
  const wrong = (what: string) => incomplete(search, `${globalKey(name)} ${what}`);
  if (global.id !== name) throw wrong(`is of another backup, ${global.id}`);
  if (global.status !== 'SUCCESS' || global.error) {
    throw wrong(`says ${global.status}${global.error ? `: ${global.error}` : ''}`);
  }
  const [started, completed] = [timeOf(global.startedAt), timeOf(global.completedAt)];
  if (!started || !completed || completed < started) throw wrong('tells no end');
  if (Object.keys(global.nodes).length === 0) throw wrong('names no node');
  return global;
}

async function requireNode(search: Search, node: string): Promise<NodeDescriptor> {
  const { storage, name, signal } = search;
  const key = nodeKey(name, node);
  const descriptor = await readNode(storage, name, node, signal);
  if (!descriptor) throw incomplete(search, `${key} is missing or cannot be read`);
  if (descriptor.id !== name) {
    throw incomplete(search, `${key} is of another backup, ${descriptor.id}`);
  }
  if (descriptor.status !== 'SUCCESS' || descriptor.error) {
    const why = descriptor.error ? `: ${descriptor.error}` : '';
    throw incomplete(search, `${key} says ${descriptor.status}${why}`);
  }
  return descriptor;
}

/**
 * A node is told the classes that it has shards of, and each must stand in what it wrote. The leader is told every class,
 * also those that lie on others alone, so it is enough that some node wrote them.
 */
function requireClassesOnNodes(
  search: Search,
  global: GlobalDescriptor,
  nodes: Map<string, NodeDescriptor>,
): string[] {
  const promised = new Set(Object.values(global.nodes).flatMap((one) => one?.classes ?? []));
  const written = new Set([...nodes.values()].flatMap((one) => names(one)));
  const lost = [...promised].filter((name) => !written.has(name));
  if (lost.length > 0) throw incomplete(search, `no node wrote the classes ${told(lost)}`);
  for (const [node, descriptor] of nodes) {
    if (node === (global.leader || node)) continue;
    const own = new Set(names(descriptor));
    const missing = (global.nodes[node]?.classes ?? []).filter((name) => !own.has(name));
    if (missing.length === 0) continue;
    throw incomplete(search, `node ${node} did not write its part of the classes ${told(missing)}`);
  }
  return [...written].toSorted();
}

/** @throws BACKUP_INCOMPLETE when a base is gone, or the chain runs in a circle */
async function chainOf(search: Search, global: GlobalDescriptor): Promise<string[]> {
  const bases: string[] = [];
  for (let base = global.baseBackupId; base;) {
    if (base === search.name || bases.includes(base)) {
      throw incomplete(search, `it rests on itself by way of ${base}`);
    }
    bases.push(base);
    const next = await readGlobal(search.storage, base, search.signal);
    if (!next) throw incomplete(search, `${globalKey(base)}, which it rests on, is missing`);
    base = next.baseBackupId;
  }
  return bases;
}

function names({ classes }: NodeDescriptor): string[] {
  return (classes ?? []).map(({ name }) => name);
}

type Shard = NonNullable<NonNullable<NodeDescriptor['classes']>[number]['shards']>[number];

function baseChunks({ incrementalBackupInfo }: Shard): [base: string, key: string][] {
  return Object.entries(incrementalBackupInfo?.filesPerBackup ?? {}).flatMap(([base, files]) =>
    (files ?? []).flatMap(({ chunkKeys }) =>
      (chunkKeys ?? []).map((key): [string, string] => [base, key]),
    ),
  );
}

function incomplete({ server, name, storage }: Search, what: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${server} calls its backup ${name} successful, and it is not whole: ${shortened(what)} (in ${storage.place}).`,
  );
}
