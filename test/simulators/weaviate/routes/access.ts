import { demandWriting } from '../access.ts';
import { type Exchange, readJson, sendJson, sendNothing, type World } from '../exchange.ts';

/** Root sees every role, that of its own name too; all others see none, and are not told so. Without keys there are none. */
export function listRoles({ world, caller, response }: Exchange): void {
  const builtIn = ['viewer', 'admin', 'root', 'read-only'].map((name) => ({ name }));
  const known = Object.entries(world.cluster.access.roles).map(([name, role]) => ({
    ...(role as object),
    name,
  }));
  sendJson(response, 200, hasRoles(world) && caller?.root === true ? [...builtIn, ...known] : []);
}

/** The built-in ones are nobody's here. */
export function listAssignments({ response }: Exchange): void {
  sendJson(response, 200, []);
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

/** As with roles, who may not read them is told of none. */
export function listUsers({ world, caller, response }: Exchange): void {
  const isRoot = !caller || caller.root === true;
  const users = Object.entries(world.cluster.access.users).map(([userId, user]) => ({
    dbUserType: 'db_user',
    ...(user as object),
    userId,
  }));
  sendJson(response, 200, isRoot ? users : []);
}

/** Nobody is told nothing. */
export function ownInfo({ world, caller, response }: Exchange): void {
  if (!caller) return sendNothing(response, 401);
  const role = caller.root === true ? 'root' : `of-${caller.name}`;
  const roles = hasRoles(world) ? [{ name: role, permissions: [] }] : null;
  sendJson(response, 200, { groups: null, roles, username: caller.name });
}

function hasRoles({ accounts, roles }: World): boolean {
  return accounts !== undefined && roles;
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
