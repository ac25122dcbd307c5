import { Collection, complete, type Definition } from './collection.ts';
import { Refusal } from './exchange.ts';

/** What a node knows until it is restarted. */
export interface Memory {
  /** The one backup and the one restore that this node coordinates. */
  backup: Slot | undefined;
  restore: Slot | undefined;
  /** What this node works for, whoever coordinates it. */
  backingUp: Work | undefined;
  restoring: Work | undefined;
  /** Backups that failed while their descriptor could not be written. */
  failures: Map<string, string>;
}

export interface Work {
  id: string;
  stop: AbortController;
}

export interface Slot {
  id: string;
  /** For people. */
  home: string;
  status: string;
  error?: string;
  startedAt: Date;
}

export interface ClusterNode {
  readonly name: string;
  up: boolean;
  memory: Memory;
  /** Aborted when the node dies: whatever it was doing ends without a trace. */
  life: AbortController;
}

/** `shards` is of the nodes, and `nodes` all else of them. */
export type Reading =
  'collections' | 'tenants' | 'data' | 'aliases' | 'nodes' | 'shards' | 'cluster';

export interface Account {
  name: string;
  key: string;
  /** May do everything, and sees the bases of incremental backups. */
  root?: boolean | undefined;
  /** Classes whose backups it may manage; `*` for all. */
  backups?: string[] | undefined;
  /** What it may read; `true` for all. */
  reads?: true | Reading[] | undefined;
  /** Classes whose definitions it may read, where it may not read all. */
  sees?: string[] | undefined;
}

/** Roles and dynamic users, as backups save them. */
export interface Access {
  roles: Record<string, unknown>;
  users: Record<string, unknown>;
}

/** The whole of a simulated cluster: what survives its processes, and what its nodes remember. */
export class Cluster {
  readonly nodes: ClusterNode[];
  readonly collections = new Map<string, Collection>();
  readonly aliases = new Map<string, string>();
  readonly access: Access = { roles: {}, users: {} };
  #placed = 0;

  constructor(names: string[]) {
    this.nodes = names.map((name) => ({
      name,
      up: true,
      memory: emptyMemory(),
      life: new AbortController(),
    }));
  }

  /** The one whose backups list every class. */
  get leader(): ClusterNode {
    const [first] = this.nodes;
    if (!first) throw new Error('A cluster has nodes.');
    return first;
  }

  node(name: string): ClusterNode | undefined {
    return this.nodes.find((node) => node.name === name);
  }

  /** By its name or an alias. */
  collection(name: string): Collection | undefined {
    return this.collections.get(this.aliases.get(name) ?? name);
  }

  /** The node of the next shard. */
  nextNode(): string {
    return this.nodes[this.#placed++ % this.nodes.length]?.name ?? '';
  }

  create(sent: Definition): Collection {
    const definition = complete(sent);
    this.demandFree(definition.class);
    const collection = new Collection(definition);
    if (!collection.hasTenants) for (const { name } of this.nodes) collection.addShard(name);
    this.collections.set(collection.name, collection);
    return collection;
  }

  /** Names that differ in case alone are one, and an alias is a name too. */
  demandFree(name: string): void {
    for (const [item, names] of [
      ['alias', this.aliases.keys()],
      ['class', this.collections.keys()],
    ] as const) {
      const similar = [...names].find((other) => isSame(other, name));
      if (similar === name) throw new Refusal(422, `${item} name ${name} already exists`);
      if (similar !== undefined) {
        throw new Refusal(422, `class already exists: found similar ${item} "${similar}"`);
      }
    }
  }

  /** Its name may differ from that of a class in case alone, but not from that of an alias. */
  addAlias(alias: string, target: string): void {
    const what = 'updating schema: TYPE_CREATE_ALIAS: create alias:';
    if ([...this.aliases.keys()].some((other) => isSame(other, alias))) {
      throw new Refusal(422, `validation: ${what} ${alias}, alias already exists`);
    }
    // What the server did not foresee is an error of its own.
    if (this.collections.has(alias))
      throw new Refusal(500, `${what} class ${alias} already exists`);
    this.aliases.set(alias, target);
  }

  /** Its aliases stay, and point to nothing. */
  remove(name: string): void {
    this.collections.delete(name);
  }
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function emptyMemory(): Memory {
  return {
    backup: undefined,
    restore: undefined,
    backingUp: undefined,
    restoring: undefined,
    failures: new Map(),
  };
}
