import { demandReading } from '../access.ts';
import { type Exchange, readJson, sendJson } from '../exchange.ts';

/** `{ Aggregate { Article(tenant: "a") { meta { count } } } }` and nothing else of the language. */
export async function graphql(exchange: Exchange): Promise<void> {
  demandReading(exchange, 'data');
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
  for (const [, name = '', tenant] of asked) {
    const collection = cluster.collections.get(name);
    if (!collection) {
      errors.push({ message: `Cannot query field "${name}" on type "AggregateObjectsObj".` });
    } else if (collection.hasTenants && tenant === undefined) {
      errors.push({
        message: `class ${name} has multi-tenancy enabled, but request was without tenant`,
      });
    } else {
      const count =
        tenant === undefined ? collection.count() : collection.shards.get(tenant)?.objects.size;
      Aggregate[name] = [{ meta: { count: count ?? 0 } }];
    }
  }
  const answer = errors.length > 0 ? { data: null, errors } : { data: { Aggregate } };
  sendJson(exchange.response, 200, answer);
}
