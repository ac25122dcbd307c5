import { demandReading, forbidsReading } from '../access.ts';
import type { Collection } from '../collection.ts';
import { type Exchange, readJson, sendJson } from '../exchange.ts';

/** `{ Aggregate { Article(tenant: "a") { meta { count } } } }` and nothing else of the language. */
export async function graphql(exchange: Exchange): Promise<void> {
  demandReading(exchange, 'collections');
  const { query = '' } = await readJson<{ query: string }>(exchange);
  const { cluster } = exchange.world;
  const inner = /^\s*(?:query\s*)?\{\s*Aggregate\s*\{(.*)\}\s*\}\s*$/s.exec(query)?.[1] ?? '';
  const asked = [
    ...inner.matchAll(
      /([A-Z]\w*)\s*(?:\(\s*tenant:\s*"([^"]*)"\s*\))?\s*\{\s*meta\s*\{\s*count\s*\}\s*\}/g,
    ),
  ];
  const Aggregate: Record<string, unknown> = {};
  const errors: { message: string }[] = [];
  if (asked.length === 0) errors.push({ message: 'Syntax Error GraphQL request' });
  if (cluster.collections.size === 0) errors.push({ message: 'no graphql provider present' });
  for (const [, name = '', tenant] of asked) {
    const collection = cluster.collections.get(name);
    if (!collection) {
      errors.push({ message: `Cannot query field "${name}" on type "AggregateObjectsObj".` });
      continue;
    }
    const refusal = forbidsReading(exchange, 'data') ?? refusalOf(collection, tenant);
    const shard = tenant === undefined ? undefined : collection.shards.get(tenant);
    const count = shard?.objects.size ?? collection.count();
    Aggregate[name] = refusal === undefined ? [{ meta: { count } }] : null;
    if (refusal !== undefined) errors.push({ message: refusal });
  }
  sendJson(exchange.response, 200, {
    ...(Object.keys(Aggregate).length > 0 ? { data: { Aggregate } } : {}),
    ...(errors.length > 0 ? { errors } : {}),
  });
}

function refusalOf({ name, hasTenants, shards }: Collection, tenant?: string): string | undefined {
  if (!hasTenants) return undefined;
  if (tenant === undefined) {
    return `class ${name} has multi-tenancy enabled, but request was without tenant`;
  }
  const shard = shards.get(tenant);
  if (!shard) return `tenant not found: "${tenant}"`;
  return shard.status === 'ACTIVE' ? undefined : `tenant not active: '${tenant}'`;
}
