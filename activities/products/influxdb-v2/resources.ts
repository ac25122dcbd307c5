import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import type { InfluxClient } from './client.ts';

const retentionRule = z.object({
  everySeconds: z.union([z.number(), z.bigint()]),
  shardGroupDurationSeconds: z.union([z.number(), z.bigint()]).optional(),
});

const bucket = z.object({
  id: z.string(),
  orgID: z.string(),
  name: z.string(),
  type: z.string().optional(),
  description: z.string().optional(),
  retentionRules: z.array(retentionRule).default([]),
});
export type LiveBucket = z.infer<typeof bucket>;

const organisation = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
});
export type LiveOrganisation = z.infer<typeof organisation>;

const mapping = z.object({
  id: z.string(),
  database: z.string(),
  retention_policy: z.string(),
  default: z.boolean(),
  virtual: z.boolean().default(false),
  orgID: z.string(),
  bucketID: z.string(),
});
export type LiveMapping = z.infer<typeof mapping>;

/** Of one whose organisation or bucket was deleted the server leaves out the id. */
const scraper = z.object({
  id: z.string(),
  name: z.string().default(''),
  type: z.string().default('prometheus'),
  url: z.string().default(''),
  allowInsecure: z.boolean().optional(),
  orgID: z.string().optional(),
  bucketID: z.string().optional(),
});
export type LiveScraper = z.infer<typeof scraper>;

const replication = z.object({ id: z.string(), name: z.string(), localBucketID: z.string() });
export type LiveReplication = z.infer<typeof replication>;

const label = z.object({ id: z.string(), name: z.string() });
export type LiveLabel = z.infer<typeof label>;

/** Never kept whole: an older server says the token itself here. */
const authorization = z.object({
  id: z.string(),
  description: z.string().optional(),
  token: z.string().optional(),
  permissions: z
    .array(z.object({ resource: z.object({ type: z.string(), id: z.string().optional() }) }))
    .nullish(),
});

const PAGE = 100;

/** What the server keeps about its data: organisations, buckets, mappings, authorizations. */
export class Resources {
  readonly client: InfluxClient;
  readonly #token: () => Promise<Secret>;

  constructor(client: InfluxClient, token: () => Promise<Secret>) {
    this.client = client;
    this.#token = token;
  }

  async organisations(): Promise<LiveOrganisation[]> {
    const found: LiveOrganisation[] = [];
    for (let offset = 0; ; offset += PAGE) {
      const page = await this.#get(
        '/api/v2/orgs',
        'listing organisations',
        z.object({ orgs: z.array(organisation) }),
        { limit: PAGE, offset },
      );
      found.push(...page.orgs);
      if (page.orgs.length < PAGE) return found;
    }
  }

  async createOrganisation(name: string, description: string): Promise<LiveOrganisation> {
    return this.#change(
      'POST',
      '/api/v2/orgs',
      { name, description },
      `creating organisation ${name}`,
      organisation,
    );
  }

  async removeOrganisation(id: string): Promise<void> {
    await this.#remove(`/api/v2/orgs/${id}`, `removing organisation ${id}`);
  }

  /** Every bucket of every organisation. */
  async buckets(): Promise<LiveBucket[]> {
    const found = new Map<string, LiveBucket>();
    for (let after: string | undefined; ;) {
      const page = await this.#get(
        '/api/v2/buckets',
        'listing buckets',
        z.object({ buckets: z.array(bucket) }),
        { limit: PAGE, after },
      );
      const before = found.size;
      for (const one of page.buckets) found.set(one.id, one);
      after = page.buckets.at(-1)?.id;
      if (page.buckets.length < PAGE || found.size === before) return [...found.values()];
    }
  }

  async bucket(id: string): Promise<LiveBucket | undefined> {
    return this.#find(`/api/v2/buckets/${id}`, `looking at bucket ${id}`, bucket);
  }

  async bucketNamed(orgID: string, name: string): Promise<LiveBucket | undefined> {
    const page = await this.#find(
      '/api/v2/buckets',
      `looking for bucket ${name}`,
      z.object({ buckets: z.array(bucket) }),
      { orgID, name },
    );
    return page?.buckets.find((one) => one.name === name);
  }

  async changeBucket(
    id: string,
    change: {
      name?: string;
      description?: string;
      retentionRules?: {
        type: 'expire';
        everySeconds: number;
        shardGroupDurationSeconds?: number;
      }[];
    },
    operation: string,
  ): Promise<void> {
    await this.#change('PATCH', `/api/v2/buckets/${id}`, change, operation, bucket);
  }

  async removeBucket(id: string): Promise<void> {
    await this.#remove(`/api/v2/buckets/${id}`, `removing bucket ${id}`);
  }

  /** The mappings of database and retention policy that people made; the server makes virtual ones by itself. */
  async mappings(orgID: string): Promise<LiveMapping[]> {
    const page = await this.#get(
      '/api/v2/dbrps',
      'listing DBRP mappings',
      z.object({ content: z.array(mapping).nullish() }),
      { orgID },
    );
    return (page.content ?? []).filter((one) => !one.virtual);
  }

  async createMapping(wanted: Omit<LiveMapping, 'id' | 'virtual'>): Promise<void> {
    const name = `${wanted.database}/${wanted.retention_policy}`;
    await this.#change(
      'POST',
      '/api/v2/dbrps',
      wanted,
      `creating DBRP mapping ${name}`,
      z.unknown(),
    );
  }

  async removeMapping(id: string, orgID: string): Promise<void> {
    await this.#remove(`/api/v2/dbrps/${id}?orgID=${orgID}`, `removing DBRP mapping ${id}`);
  }

  /** Authorizations, without their tokens. `readable`: the server could say the token, so its backups hold it too. */
  async authorizations(): Promise<
    { id: string; description: string; readable: boolean; buckets: string[] }[]
  > {
    const list = z.object({ authorizations: z.array(authorization).nullish() });
    const current = await this.#get('/api/v2/authorizations', 'listing authorizations', list);
    const legacy = await this.#find(
      '/private/legacy/authorizations',
      'listing authorizations of v1 clients',
      list,
    );
    return [...(current.authorizations ?? []), ...(legacy?.authorizations ?? [])].map((one) => ({
      id: one.id,
      description: one.description ?? '',
      readable: (one.token ?? '') !== '' && current.authorizations?.includes(one) === true,
      buckets: (one.permissions ?? []).flatMap(({ resource }) =>
        resource.type === 'buckets' && resource.id !== undefined ? [resource.id] : [],
      ),
    }));
  }

  /** What the server answers to a route that not every version has; undefined from one that has it not. */
  async look(
    path: string,
    operation: string,
    query: Record<string, string | number>,
  ): Promise<unknown> {
    return this.#find(path, operation, z.unknown(), query);
  }

  /** Of every organisation. */
  async scrapers(): Promise<LiveScraper[]> {
    const list = z.object({ configurations: z.array(scraper).nullish() });
    const page = await this.#find('/api/v2/scrapers', 'listing scrapers', list);
    return page?.configurations ?? [];
  }

  /** What is left out of a change becomes empty. */
  async changeScraper(changed: LiveScraper): Promise<void> {
    const { id, ...body } = changed;
    const operation = `changing scraper ${changed.name}`;
    await this.#change('PATCH', `/api/v2/scrapers/${id}`, body, operation, z.unknown());
  }

  async replications(orgID: string): Promise<LiveReplication[]> {
    const list = z.object({ replications: z.array(replication).nullish() });
    const page = await this.#find('/api/v2/replications', 'listing replications', list, { orgID });
    return page?.replications ?? [];
  }

  /** Of every organisation. */
  async labels(): Promise<LiveLabel[]> {
    const list = z.object({ labels: z.array(label).nullish() });
    const page = await this.#get('/api/v2/labels', 'listing labels', list);
    return page.labels ?? [];
  }

  async createLabel(orgID: string, name: string): Promise<void> {
    const operation = `creating label ${name}`;
    await this.#change('POST', '/api/v2/labels', { orgID, name }, operation, z.unknown());
  }

  async removeLabel(id: string): Promise<void> {
    await this.#remove(`/api/v2/labels/${id}`, `removing label ${id}`);
  }

  /** The id of the first user, which the set-up of the server made. */
  async firstUser(): Promise<string> {
    const page = await this.#get(
      '/api/v2/users',
      'looking for its first user',
      z.object({ users: z.array(z.object({ id: z.string() })) }),
      { limit: 1 },
    );
    return page.users[0]?.id ?? 'none';
  }

  async #get<T>(
    path: string,
    operation: string,
    schema: z.ZodType<T>,
    query?: Record<string, string | number | undefined>,
  ): Promise<T> {
    const token = await this.#token();
    const value = await this.client.json({
      method: 'GET',
      path,
      operation,
      token,
      ...(query ? { query } : {}),
    });
    return this.#checked(value, operation, schema);
  }

  async #find<T>(
    path: string,
    operation: string,
    schema: z.ZodType<T>,
    query?: Record<string, string | number | undefined>,
  ): Promise<T | undefined> {
    const token = await this.#token();
    const found = await this.client.jsonOr({
      method: 'GET',
      path,
      operation,
      token,
      accept: [404],
      ...(query ? { query } : {}),
    });
    return 'value' in found ? this.#checked(found.value, operation, schema) : undefined;
  }

  async #change<T>(
    method: 'POST' | 'PATCH',
    path: string,
    body: unknown,
    operation: string,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const token = await this.#token();
    const value = await this.client.json({
      method,
      path,
      operation,
      token,
      body: JSON.stringify(body),
    });
    return this.#checked(value, operation, schema);
  }

  /** What is not there is removed already. */
  async #remove(path: string, operation: string): Promise<void> {
    const token = await this.#token();
    const response = await this.client.send({
      method: 'DELETE',
      path,
      operation,
      token,
      accept: [404],
    });
    await response.discard();
  }

  #checked<T>(value: unknown, operation: string, schema: z.ZodType<T>): T {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const issue = checked.error.issues[0];
    throw new HoldfastError(
      'SOURCE_GARBLED',
      `${this.client.server}: ${operation} failed: the answer lacks ${issue?.path.join('.') || 'everything'}.`,
    );
  }
}
