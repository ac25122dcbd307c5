import { demandReading, demandWriting, mayRead } from '../access.ts';
import { className } from '../collection.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';

interface Alias {
  alias: string;
  class: string;
}

export function listAliases(exchange: Exchange): void {
  const { world, url, response } = exchange;
  const wanted = url.searchParams.get('class');
  const aliases = [...(mayRead(exchange, 'aliases') ? world.cluster.aliases : [])]
    .map(([alias, target]) => ({ alias, class: target }))
    .filter((one) => wanted === null || one.class === wanted)
    .filter((one) => wanted === null || world.cluster.collections.has(one.class));
  sendJson(response, 200, { aliases });
}

export function getAlias(exchange: Exchange): void {
  const { world, parts, response } = exchange;
  const alias = className(parts[0] ?? '');
  const target = world.cluster.aliases.get(alias);
  if (target === undefined) return sendNothing(response, 404);
  demandReading(exchange, 'aliases');
  sendJson(response, 200, { alias, class: target });
}

export async function createAlias(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'aliases');
  const { cluster } = exchange.world;
  const body = await readJson<Alias>(exchange);
  const alias = className(body.alias ?? '');
  const target = className(body.class ?? '');
  demandTarget(exchange, target);
  cluster.addAlias(alias, target);
  sendJson(exchange.response, 200, { alias, class: target });
}

export async function updateAlias(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'aliases');
  const { cluster } = exchange.world;
  const alias = className(exchange.parts[0] ?? '');
  const target = className((await readJson<Alias>(exchange)).class ?? '');
  if (!cluster.aliases.has(alias)) {
    sendNothing(exchange.response, 404);
    return;
  }
  demandTarget(exchange, target);
  cluster.aliases.set(alias, target);
  sendJson(exchange.response, 200, { alias, class: target });
}

export function deleteAlias(exchange: Exchange): void {
  demandWriting(exchange, 'aliases');
  const there = exchange.world.cluster.aliases.delete(className(exchange.parts[0] ?? ''));
  sendNothing(exchange.response, there ? 204 : 404);
}

function demandTarget({ world }: Exchange, name: string): void {
  if (world.cluster.collections.has(name)) return;
  throw new Refusal(422, `validation: target class "${name}" does not exist`);
}
