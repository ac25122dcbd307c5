import { demandReading, demandWriting } from '../access.ts';
import { type Exchange, readJson, sendJson, sendNothing } from '../exchange.ts';

export function listRoles(exchange: Exchange): void {
  demandReading(exchange, 'roles');
  sendJson(exchange.response, 200, Object.values(exchange.world.cluster.access.roles));
}

export async function createRole(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'roles');
  const role = await readJson<{ name: string }>(exchange);
  exchange.world.cluster.access.roles[role.name ?? ''] = role;
  sendNothing(exchange.response, 201);
}

export function deleteRole(exchange: Exchange): void {
  demandWriting(exchange, 'roles');
  delete exchange.world.cluster.access.roles[exchange.parts[0] ?? ''];
  sendNothing(exchange.response, 204);
}

export function listUsers(exchange: Exchange): void {
  demandReading(exchange, 'users');
  sendJson(exchange.response, 200, Object.values(exchange.world.cluster.access.users));
}

export function createUser(exchange: Exchange): void {
  demandWriting(exchange, 'users');
  const [userId = ''] = exchange.parts;
  const { users } = exchange.world.cluster.access;
  users[userId] = { active: true, dbUserType: 'db_user', roles: [], userId };
  sendJson(exchange.response, 201, { apikey: `key-of-${userId}` });
}

export function deleteUser(exchange: Exchange): void {
  demandWriting(exchange, 'users');
  const { users } = exchange.world.cluster.access;
  const [userId = ''] = exchange.parts;
  const there = Object.hasOwn(users, userId);
  delete users[userId];
  sendNothing(exchange.response, there ? 204 : 404);
}
