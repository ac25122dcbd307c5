import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { WeaviateClient } from './client.ts';

/** What a restore takes away of the users and roles of a server: it puts those of the backup in the place of all of them. */
export interface ReplacedAccess {
  users?: string;
  roles?: string;
  /** The user of the key that is used, when it is among those that are replaced. */
  own?: string;
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
const ownSchema = z.object({ username: z.string().nullish() });

export async function replacedAccess(
  client: WeaviateClient,
  wanted: { users: boolean; roles: boolean },
): Promise<ReplacedAccess> {
  if (!wanted.users && !wanted.roles) return {};
  const names = ((await read(client, '/v1/authz/roles', rolesSchema)) ?? []).map(
    ({ name }) => name,
  );
  const whole = names.includes(SEES_ALL);
  const replaced: ReplacedAccess = {};
  if (wanted.users) {
    const all = (await read(client, '/v1/users/db', usersSchema)) ?? [];
    const users = all
      .filter(({ dbUserType }) => dbUserType !== 'db_env_user')
      .map(({ userId }) => userId);
    if (users.length > 0 || !whole) replaced.users = told('all users and their keys', users, whole);
    const own = (await read(client, '/v1/users/own-info', ownSchema))?.username;
    if (own && users.includes(own)) replaced.own = own;
  }
  if (wanted.roles) {
    const roles = names.filter((name) => !BUILT_IN.includes(name));
    if (whole) roles.push(...(await assigned(client)));
    if (roles.length > 0 || !whole) {
      replaced.roles = told('all roles and assignments', roles, whole);
    }
  }
  return replaced;
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

/** @returns undefined where there is no such thing, or this key may not see it */
async function read<S extends z.ZodType>(
  client: WeaviateClient,
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const operation = 'asking for its users and roles';
  const answer = await client.jsonOr({
    method: 'GET',
    path,
    operation,
    accept: [400, 403, 404, 405, 422, 501],
  });
  if (!('value' in answer)) return undefined;
  const result = schema.safeParse(answer.value);
  if (result.success) return result.data;
  throw new HoldfastError(
    'WRONG_SERVER',
    `${client.server}: ${operation} failed: it does not answer as Weaviate does.`,
  );
}
