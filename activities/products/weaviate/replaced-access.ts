import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { WeaviateClient } from './client.ts';

/** What a restore takes away of the users and roles of a server: it puts those of the backup in the place of all of them. */
export interface ReplacedAccess {
  users?: string;
  roles?: string;
  /** The user of the key that is used, when it is among those that are replaced. */
  own?: string;
  /** The same user, when what the key may do rests on assignments that are replaced. */
  ownRoles?: { user: string; roles: string[] } | undefined;
}

/** Told to those alone that see everything; all others get lists that are shortened without a word. */
const SEES_ALL = 'root';
const BUILT_IN = ['viewer', 'admin', 'read-only', SEES_ALL];
/** The settings of the server assign the others anew. */
const ASSIGNED_BY_PEOPLE = ['viewer', 'admin'];
const MOST_NAMED = 50;

const usersSchema = z
  .array(z.object({ userId: z.string(), dbUserType: z.string().nullish() }))
  .nullish();
const rolesSchema = z.array(z.object({ name: z.string() })).nullish();
const assignedSchema = z.array(z.unknown()).nullish();
const roleName = z
  .object({ name: z.string() })
  .transform(({ name }) => name)
  .catch('a role');
const ownSchema = z
  .object({ username: z.string().nullish(), roles: z.array(roleName).nullish() })
  .nullish();

export async function replacedAccess(
  client: WeaviateClient,
  wanted: { users: boolean; roles: boolean },
): Promise<ReplacedAccess> {
  if (!wanted.users && !wanted.roles) return {};
  const listed = await read(client, '/v1/authz/roles', rolesSchema);
  const names = (listed ?? []).map(({ name }) => name);
  const caller = await whoAsks(client);
  const whole = names.includes(SEES_ALL) || (listed?.length === 0 && caller.roles?.length === 0);
  const replaced: ReplacedAccess = {};
  if (wanted.users) {
    const all = (await read(client, '/v1/users/db', usersSchema)) ?? [];
    const users = all
      .filter(({ dbUserType }) => dbUserType !== 'db_env_user')
      .map(({ userId }) => userId);
    if (users.length > 0 || !whole) replaced.users = told('all users and their keys', users, whole);
    const { name } = caller;
    if (name && users.includes(name)) replaced.own = name;
  }
  if (wanted.roles) {
    const roles = names.filter((name) => !BUILT_IN.includes(name));
    if (names.includes(SEES_ALL)) roles.push(...(await assigned(client)));
    if (roles.length > 0 || !whole) {
      replaced.roles = told('all roles and assignments', roles, whole);
    }
    replaced.ownRoles = assignedTo(caller);
  }
  return replaced;
}

interface Caller {
  name?: string;
  roles?: string[];
}

/** The settings of the server assign `root` anew. */
function assignedTo({ name, roles = [] }: Caller): ReplacedAccess['ownRoles'] {
  if (!name || roles.length === 0 || roles.includes(SEES_ALL)) return undefined;
  return { user: name, roles };
}

/**
 * Whoever may restore has a role, where the server knows roles: then it names it here, or lists the built-in ones. Nobody
 * comes in there without a key, and without roles all lists are whole.
 * @returns nothing when the server does not say
 */
async function whoAsks(client: WeaviateClient): Promise<Caller> {
  const answer = await ask(client, '/v1/users/own-info', [401, 500]);
  // Of a key that it does not know it says so; of nobody it says nothing.
  if (!('value' in answer))
    return answer.status === 401 && answer.form === 'empty' ? { roles: [] } : {};
  const own = parsed(client, answer.value, ownSchema);
  if (!own?.username) return {};
  return { name: own.username, roles: own.roles ?? [] };
}

/** Built-in roles that somebody has: they stay, and who has them does not. */
async function assigned(client: WeaviateClient): Promise<string[]> {
  const found: string[] = [];
  for (const role of ASSIGNED_BY_PEOPLE) {
    for (const who of ['user', 'group']) {
      const path = `/v1/authz/roles/${role}/${who}-assignments`;
      const those = (await read(client, path, assignedSchema)) ?? [];
      if (those.length > 0) found.push(`${role} of ${those.length} ${who}s`);
    }
  }
  return found;
}

function told(what: string, names: string[], whole: boolean): string {
  const more = names.length - MOST_NAMED;
  const some = names.toSorted().slice(0, MOST_NAMED).join(', ');
  const listed = more > 0 ? `${some} … and ${more} more` : some;
  const seen = whole ? listed : `the key may not see every one, and sees ${listed || 'none'}`;
  return `${what} (${seen}; only those of the backup will be there)`;
}

const OPERATION = 'asking for its users and roles';
const REFUSED = [400, 403, 404, 405, 422, 501];

/** @returns undefined where there is no such thing, or this key may not see it */
async function read<S extends z.ZodType>(
  client: WeaviateClient,
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const answer = await ask(client, path);
  return 'value' in answer ? parsed(client, answer.value, schema) : undefined;
}

function ask(client: WeaviateClient, path: string, refused: number[] = []) {
  const accept = [...REFUSED, ...refused];
  return client.jsonOr({ method: 'GET', path, operation: OPERATION, accept });
}

function parsed<S extends z.ZodType>(
  client: WeaviateClient,
  value: unknown,
  schema: S,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HoldfastError(
    'WRONG_SERVER',
    `${client.server}: ${OPERATION} failed: it does not answer as Weaviate does.`,
  );
}
