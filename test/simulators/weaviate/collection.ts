import { createHash, randomBytes } from 'node:crypto';

/** As the API takes and gives it; the vectors' numbers are kept as they came. */
export interface DataObject {
  id: string;
  properties: Record<string, unknown>;
  vector?: number[];
  vectors?: Record<string, number[] | number[][]>;
  creationTimeUnix: number;
  lastUpdateTimeUnix: number;
}

export type TenantStatus = 'ACTIVE' | 'INACTIVE' | 'OFFLOADED';

export interface Shard {
  /** A tenant's name, where the class has tenants. */
  name: string;
  node: string;
  status: TenantStatus;
  /** In the order in which they were written: older ones lie in files that do not change any more. */
  objects: Map<string, DataObject>;
  /** Objects that lie on disk: only those are counted by `/v1/nodes`. */
  counted: number;
}

export type Definition = Record<string, unknown> & { class: string };

/** A class: its definition and its shards. */
export class Collection {
  readonly definition: Definition;
  readonly shards = new Map<string, Shard>();

  constructor(definition: Definition) {
    this.definition = definition;
  }

  get name(): string {
    return this.definition.class;
  }

  get hasTenants(): boolean {
    const config = this.definition['multiTenancyConfig'] as { enabled?: boolean } | undefined;
    return config?.enabled === true;
  }

  addShard(node: string, name = shardName(), status: TenantStatus = 'ACTIVE'): Shard {
    const shard = { name, node, status, objects: new Map(), counted: 0 };
    this.shards.set(name, shard);
    return shard;
  }

  /** Where an object of this id lies; undefined when there is no such tenant. */
  shardOf(id: string, tenant: string | undefined): Shard | undefined {
    if (this.hasTenants) return tenant === undefined ? undefined : this.shards.get(tenant);
    const shards = [...this.shards.values()];
    return shards[(createHash('sha256').update(id).digest()[0] ?? 0) % shards.length];
  }

  count(): number {
    return [...this.shards.values()].reduce((sum, { objects }) => sum + objects.size, 0);
  }
}

function shardName(): string {
  return randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x');
}

/** The first letter of a class is a capital one, whatever was sent. */
export function className(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A definition as the server completes it. */
export function complete(sent: Definition): Definition {
  return {
    invertedIndexConfig: { bm25: { b: 0.75, k1: 1.2 }, cleanupIntervalSeconds: 60 },
    multiTenancyConfig: { enabled: false },
    properties: [],
    replicationConfig: { asyncEnabled: false, factor: 1 },
    shardingConfig: { desiredCount: 1, virtualPerPhysical: 128 },
    ...(sent['vectorConfig'] === undefined
      ? { vectorIndexType: 'hnsw', vectorizer: 'none', vectorIndexConfig: { distance: 'cosine' } }
      : {}),
    ...sent,
    class: className(sent.class),
  };
}
