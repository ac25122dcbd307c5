import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { WeaviateClient } from './client.ts';
import { inItsPlace, readComplaint, refusal } from './failures.ts';
import { goneBy } from './place-gone.ts';
import type { TimeToLive } from './time-to-live.ts';
import { readVersion, type Version } from './version.ts';

const metaSchema = z.object({
  version: z.string(),
  modules: z.record(z.string(), z.unknown()).nullish(),
});

const nodesSchema = z.object({
  nodes: z
    .array(
      z.object({
        name: z.string(),
        status: z.string().nullish(),
        shards: z
          .array(
            z.object({
              name: z.string(),
              class: z.string(),
              objectCount: z.number().nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

const schemaSchema = z.object({
  classes: z
    .array(
      z.object({
        class: z.string(),
        multiTenancyConfig: z.object({ enabled: z.boolean().nullish() }).nullish(),
        objectTtlConfig: z
          .object({
            enabled: z.boolean().nullish(),
            defaultTtl: z.number().nullish(),
            deleteOn: z.string().nullish(),
          })
          .nullish(),
        shardingConfig: z.object({ actualCount: z.number().nullish() }).nullish(),
      }),
    )
    .nullish(),
});

const tenantsSchema = z
  .array(z.object({ name: z.string(), activityStatus: z.string().nullish() }))
  .nullish();

const statisticsSchema = z.object({
  statistics: z.array(z.object({ leaderId: z.unknown() })).nullish(),
});

const aliasesSchema = z.object({
  aliases: z.array(z.object({ alias: z.string(), class: z.string() })).nullish(),
});

export interface Meta {
  version: Version;
  /** By the name of the module, what it says of itself. */
  modules: Record<string, unknown>;
}

export interface Node {
  name: string;
  status: string;
  shards: { name: string; class: string; objects: number }[];
}

export interface WeaviateClass {
  name: string;
  multiTenant: boolean;
  /** How many it consists of, wherever they are; absent with tenants. */
  shards?: number;
  /** Absent where objects stay until somebody deletes them. */
  timeToLive?: TimeToLive;
}

export interface Tenant {
  name: string;
  /** Whether its objects can be read without waking it up. */
  active: boolean;
  /** Its files lie elsewhere: no backup holds them. */
  offloaded: boolean;
}

export interface Alias {
  alias: string;
  class: string;
}

/** What lists of the server may leave out. */
export type Listed =
  { class: string } | { class: string; tenant: string } | { shardsOf: string } | { alias: string };

/** Any name does: the server looks for rights first. */
const ANY = 'Any';

/** What there is in a Weaviate, and dropping of it; objects are objects.ts's. */
export class Database {
  readonly #client: WeaviateClient;

  constructor(client: WeaviateClient) {
    this.#client = client;
  }

  async meta(): Promise<Meta> {
    const found = await this.#read(metaSchema, '/v1/meta', 'asking for its version');
    return { version: readVersion(found.version), modules: found.modules ?? {} };
  }

  async nodes(output: 'minimal' | 'verbose' = 'minimal'): Promise<Node[]> {
    const operation = 'asking for its nodes';
    const { nodes } = await this.#read(nodesSchema, '/v1/nodes', operation, { output });
    return (nodes ?? []).map(({ name, status, shards }) => ({
      name,
      status: status ?? 'unknown',
      shards: (shards ?? []).map((shard) => ({ ...shard, objects: shard.objectCount ?? 0 })),
    }));
  }

  /** The node that takes part in every backup; undefined where the key may not know, or the nodes do not agree. */
  async leader(): Promise<string | undefined> {
    const operation = 'asking which node leads';
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path: '/v1/cluster/statistics',
      operation,
      accept: [403, 404, 405, 422, 500],
    });
    if (!('value' in answer)) return undefined;
    const { statistics } = this.#checked(statisticsSchema, answer.value, operation);
    const leaders = new Set(statistics?.map(({ leaderId }) => leaderId));
    const [leader] = leaders;
    return leaders.size === 1 && typeof leader === 'string' && leader !== '' ? leader : undefined;
  }

  async classes(): Promise<WeaviateClass[]> {
    const { classes } = await this.#read(schemaSchema, '/v1/schema', 'reading its schema');
    const found = (classes ?? []).map((one) => {
      const multiTenant = one.multiTenancyConfig?.enabled === true;
      const shards = multiTenant ? undefined : one.shardingConfig?.actualCount;
      const { enabled, defaultTtl, deleteOn } = one.objectTtlConfig ?? {};
      const timeToLive = { since: deleteOn ?? '', seconds: defaultTtl ?? 0 };
      return {
        name: one.class,
        multiTenant,
        ...(shards && { shards }),
        ...(enabled && { timeToLive }),
      };
    });
    if (found.length === 0) await this.requireInSight({ class: ANY });
    return inOrder(found, ({ name }) => name);
  }

  async hasClass(name: string): Promise<boolean> {
    return (await this.classes()).some((one) => one.name === name);
  }

  /** None of a class that is gone. */
  async tenants(className: string): Promise<Tenant[]> {
    const path = `/v1/schema/${encodeURIComponent(className)}/tenants`;
    const operation = `listing the tenants of ${className}`;
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path,
      operation,
      accept: [404, 422],
    });
    if (!('value' in answer)) {
      const { server } = this.#client;
      const isThere = () => this.hasClass(className);
      if ((await goneBy(answer, { server, operation, isThere })) === 'absent') return [];
      throw refusal(answer, server, operation);
    }
    const tenants = this.#checked(tenantsSchema, answer.value, operation);
    const found = (tenants ?? []).map(({ name, activityStatus }) => {
      const status = activityStatus ?? 'HOT';
      return {
        name,
        active: status === 'HOT' || status === 'ACTIVE',
        offloaded: /^(OFFLOAD|FROZEN|FREEZING|UNFREEZING|ONLOADING)/.test(status),
      };
    });
    if (found.length === 0) await this.requireInSight({ class: className, tenant: ANY });
    return inOrder(found, ({ name }) => name);
  }

  /** Empty on a server that knows no aliases. */
  async aliases(): Promise<Alias[]> {
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path: '/v1/aliases',
      operation: 'reading its aliases',
      accept: [404, 405],
    });
    if (!('value' in answer)) return [];
    const { aliases } = this.#checked(aliasesSchema, answer.value, 'reading its aliases');
    return inOrder(aliases ?? [], ({ alias }) => alias);
  }

  /**
   * What a key may not see is left out of all lists without a word; only who asks for it by name is refused. So whatever
   * lacks in a list may be there.
   * @throws PERMISSION_MISSING
   */
  async requireInSight(listed: Listed): Promise<void> {
    const { path, what } = whereabouts(listed);
    const response = await this.#client.send({
      method: 'GET',
      path: `/v1${path}`,
      operation: `looking for ${what}`,
      accept: [404, 405, 422],
      ...('shardsOf' in listed && { query: { output: 'verbose' } }),
    });
    await response.discard();
  }

  /** With everything in it. One that is not there is no error. @throws TARGET_BUSY when it is there all the same */
  async dropClass(name: string): Promise<void> {
    const operation = `dropping class ${name}`;
    const response = await this.#client.send({
      method: 'DELETE',
      path: `/v1/schema/${encodeURIComponent(name)}`,
      operation,
      accept: [404],
    });
    const complaint = await readComplaint(response);
    if (response.status !== 404 || !(await this.hasClass(name))) return;
    throw inItsPlace(complaint, this.#client.server, operation);
  }

  /** @param isThere whether it exists and is only to point elsewhere */
  async pointAlias({ alias, class: target }: Alias, isThere: boolean): Promise<void> {
    const path = `/v1/aliases${isThere ? `/${encodeURIComponent(alias)}` : ''}`;
    const response = await this.#client.send({
      method: isThere ? 'PUT' : 'POST',
      path,
      operation: `letting alias ${alias} point to class ${target}`,
      json: isThere ? { class: target } : { alias, class: target },
    });
    await response.discard();
  }

  async dropAlias(name: string): Promise<void> {
    const response = await this.#client.send({
      method: 'DELETE',
      path: `/v1/aliases/${encodeURIComponent(name)}`,
      operation: `dropping alias ${name}`,
      accept: [404],
    });
    await response.discard();
  }

  async #read<S extends z.ZodType>(
    schema: S,
    path: string,
    operation: string,
    query?: Record<string, string>,
  ): Promise<z.output<S>> {
    const value = await this.#client.json({
      method: 'GET',
      path,
      operation,
      ...(query && { query }),
    });
    return this.#checked(schema, value, operation);
  }

  #checked<S extends z.ZodType>(schema: S, value: unknown, operation: string): z.output<S> {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new HoldfastError(
      'WRONG_SERVER',
      `${this.#client.server}: ${operation} failed: it does not answer as Weaviate does.`,
    );
  }
}

function whereabouts(listed: Listed): { path: string; what: string } {
  if ('alias' in listed) {
    return { path: `/aliases/${encodeURIComponent(listed.alias)}`, what: `alias ${listed.alias}` };
  }
  if ('shardsOf' in listed) {
    const path = `/nodes/${encodeURIComponent(listed.shardsOf)}`;
    return { path, what: `the shards of class ${listed.shardsOf}` };
  }
  const path = `/schema/${encodeURIComponent(listed.class)}`;
  if (!('tenant' in listed)) return { path, what: `class ${listed.class}` };
  const tenant = encodeURIComponent(listed.tenant);
  return { path: `${path}/tenants/${tenant}`, what: `the tenants of class ${listed.class}` };
}

/** The server lists what it has in another order each time. */
function inOrder<T>(things: T[], name: (thing: T) => string): T[] {
  return things.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
}
