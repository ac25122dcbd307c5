import { demandReading, demandSeeing, demandWriting, mayRead, maySee } from '../access.ts';
import { className, type Definition, type TenantStatus } from '../collection.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';

export function getSchema(exchange: Exchange): void {
  const all = [...exchange.world.cluster.collections.values()].filter(({ name }) =>
    maySee(exchange, name),
  );
  sendJson(exchange.response, 200, { classes: all.map(({ definition }) => definition) });
}

export function getClass(exchange: Exchange): void {
  const { world, parts, response } = exchange;
  const name = className(parts[0] ?? '');
  demandSeeing(exchange, name);
  const found = world.cluster.collection(name);
  if (found) sendJson(response, 200, found.definition);
  else sendNothing(response, 404);
}

export async function createClass(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'collections');
  const sent = await readJson<Definition>(exchange);
  if (!sent.class) throw new Refusal(422, "'' is not a valid class name");
  if (!/^[A-Za-z][_0-9A-Za-z]{0,254}$/.test(sent.class)) {
    throw new Refusal(422, `'${sent.class}' is not a valid class name`);
  }
  const { definition } = exchange.world.cluster.create(sent as Definition);
  sendJson(exchange.response, 200, definition);
}

export function deleteClass(exchange: Exchange): void {
  demandWriting(exchange, 'collections');
  exchange.world.cluster.remove(className(exchange.parts[0] ?? ''));
  sendNothing(exchange.response, 200);
}

interface Tenant {
  name: string;
  activityStatus?: string;
}

const OLD_WORDS: Record<string, TenantStatus> = {
  HOT: 'ACTIVE',
  COLD: 'INACTIVE',
  FROZEN: 'OFFLOADED',
};
/** It takes the new words and tells the old ones. */
const TOLD = { ACTIVE: 'HOT', INACTIVE: 'COLD', OFFLOADED: 'FROZEN' };

function tenantStatus(word = 'ACTIVE'): TenantStatus {
  return OLD_WORDS[word] ?? (word as TenantStatus);
}

function withTenants({ world, parts }: Exchange) {
  const name = className(parts[0] ?? '');
  const collection = world.cluster.collection(name);
  if (!collection) throw new Refusal(422, `could not get tenants: class not found`);
  if (!collection.hasTenants) {
    throw new Refusal(422, `multi-tenancy is not enabled for class "${name}"`);
  }
  return collection;
}

export function listTenants(exchange: Exchange): void {
  const { shards: there } = withTenants(exchange);
  const shards = mayRead(exchange, 'tenants') ? [...there.values()] : [];
  const tenants = shards.map(({ name, status }) => ({ activityStatus: TOLD[status], name }));
  sendJson(exchange.response, 200, tenants);
}

export function getTenant(exchange: Exchange): void {
  demandReading(exchange, 'tenants');
  const shard = withTenants(exchange).shards.get(exchange.parts[1] ?? '');
  if (!shard) return sendNothing(exchange.response, 404);
  sendJson(exchange.response, 200, { activityStatus: TOLD[shard.status], name: shard.name });
}

export async function createTenants(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'tenants');
  const collection = withTenants(exchange);
  const tenants = Object.values(await readJson<Tenant[]>(exchange)) as Tenant[];
  for (const { name, activityStatus } of tenants) {
    if (collection.shards.has(name)) continue;
    const node = exchange.world.cluster.nextNode();
    collection.addShard(node, name, tenantStatus(activityStatus));
  }
  sendJson(exchange.response, 200, tenants);
}

export async function updateTenants(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'tenants');
  const collection = withTenants(exchange);
  const tenants = Object.values(await readJson<Tenant[]>(exchange)) as Tenant[];
  for (const { name, activityStatus } of tenants) {
    const shard = collection.shards.get(name);
    if (!shard) throw new Refusal(422, `tenant "${name}" not found`);
    shard.status = tenantStatus(activityStatus);
  }
  sendJson(exchange.response, 200, tenants);
}

export async function deleteTenants(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'tenants');
  const collection = withTenants(exchange);
  for (const name of Object.values(await readJson<string[]>(exchange)) as string[]) {
    collection.shards.delete(name);
  }
  sendNothing(exchange.response, 200);
}
