import { demandReading, demandWriting } from '../access.ts';
import { className } from '../collection.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';

interface Alias {
  alias: string;
  class: string;
}

export function listAliases(exchange: Exchange): void {
  demandReading(exchange, 'aliases');
  const { world, url, response } = exchange;
  const wanted = url.searchParams.get('class');
  const aliases = [...world.cluster.aliases]
    .map(([alias, target]) => ({ alias, class: target }))
    .filter((one) => wanted === null || one.class === wanted);
  sendJson(response, 200, { aliases });
}

export function getAlias(exchange: Exchange): void {
  demandReading(exchange, 'aliases');
  const { world, parts, response } = exchange;
  const [alias = ''] = parts;
  const target = world.cluster.aliases.get(alias);
  if (target === undefined) sendNothing(response, 404);
  else sendJson(response, 200, { alias, class: target });
}

export async function createAlias(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'aliases');
  const { cluster } = exchange.world;
  const body = await readJson<Alias>(exchange);
  const alias = className(body.alias ?? '');
  const target = body.class ?? '';
  if (!cluster.collections.has(target)) {
    throw new Refusal(422, `create alias: class ${target} does not exist`);
  }
  if (cluster.aliases.has(alias)) {
    throw new Refusal(422, `create alias: alias ${alias} already exists`);
  }
  if (cluster.collections.has(alias)) {
    throw new Refusal(422, `create alias: class ${alias} already exists`);
  }
  cluster.aliases.set(alias, target);
  sendJson(exchange.response, 200, { alias, class: target });
}

export async function updateAlias(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'aliases');
  const { cluster } = exchange.world;
  const [alias = ''] = exchange.parts;
  const { class: target = '' } = await readJson<Alias>(exchange);
  if (!cluster.aliases.has(alias)) {
    sendNothing(exchange.response, 404);
    return;
  }
  if (!cluster.collections.has(target)) {
    throw new Refusal(422, `update alias: class ${target} does not exist`);
  }
  cluster.aliases.set(alias, target);
  sendJson(exchange.response, 200, { alias, class: target });
}

export function deleteAlias(exchange: Exchange): void {
  demandWriting(exchange, 'aliases');
  const there = exchange.world.cluster.aliases.delete(exchange.parts[0] ?? '');
  sendNothing(exchange.response, there ? 204 : 404);
}
