import type { Exchange } from '../exchange.ts';
import type { Profile } from '../profiles.ts';
import {
  createRole,
  createUser,
  deleteRole,
  deleteUser,
  listAssignments,
  listRoles,
  listUsers,
  ownInfo,
} from './access.ts';
import { createAlias, deleteAlias, getAlias, listAliases, updateAlias } from './aliases.ts';
import { backupStatus, cancelBackup, listBackups } from './backups.ts';
import { createBackup } from './create-backup.ts';
import { graphql } from './graphql.ts';
import {
  deleteObject,
  getObject,
  listObjects,
  mergeObject,
  writeBatch,
  writeObject,
} from './objects.ts';
import { cancelRestore, restore, restoreStatus } from './restores.ts';
import {
  createClass,
  createTenants,
  deleteClass,
  deleteTenants,
  getClass,
  getSchema,
  getTenant,
  listTenants,
  updateTenants,
} from './schema.ts';
import { meta, nodes, openidConfiguration, ready, statistics } from './server.ts';

export interface Route {
  method: string;
  path: RegExp;
  /** As switches name it. */
  call: string;
  handle(exchange: Exchange): void | Promise<void>;
  /** No key needed. */
  open?: boolean;
  exists?(profile: Profile): boolean;
}

/** `*` stands for one segment of the path. */
function route(
  method: string,
  path: string,
  call: string,
  handle: Route['handle'],
  options: Pick<Route, 'open' | 'exists'> = {},
): Route {
  const pattern = path.replaceAll('*', '([^/]+)');
  return { method, path: new RegExp(`^/v1${pattern}/?$`), call, handle, ...options };
}

const open = { open: true };
const aliases = { exists: (profile: Profile) => profile.aliases };
const access = { exists: (profile: Profile) => profile.access };
const cancel = { exists: (profile: Profile) => profile.cancel };

export const ROUTES: Route[] = [
  route('POST', '/backups/*', 'create', createBackup),
  route('GET', '/backups/*', 'list', listBackups, {
    exists: ({ list }) => list !== 'absent',
  }),
  route('GET', '/backups/*/*', 'status', backupStatus),
  route('DELETE', '/backups/*/*', 'cancel', cancelBackup, cancel),
  route('POST', '/backups/*/*/restore', 'restore', restore),
  route('GET', '/backups/*/*/restore', 'restoreStatus', restoreStatus),
  route('DELETE', '/backups/*/*/restore', 'restoreCancel', cancelRestore, {
    exists: ({ modernRestore }) => modernRestore,
  }),
  route('GET', '/meta', 'meta', meta),
  route('GET', '/nodes', 'nodes', nodes),
  route('GET', '/nodes/*', 'nodes', nodes),
  route('GET', '/cluster/statistics', 'statistics', statistics),
  route('GET', '/schema', 'schema', getSchema),
  route('POST', '/schema', 'classCreate', createClass),
  route('GET', '/schema/*', 'class', getClass),
  route('DELETE', '/schema/*', 'classDelete', deleteClass),
  route('GET', '/schema/*/tenants', 'tenants', listTenants),
  route('GET', '/schema/*/tenants/*', 'tenant', getTenant),
  route('POST', '/schema/*/tenants', 'tenantsCreate', createTenants),
  route('PUT', '/schema/*/tenants', 'tenantsUpdate', updateTenants),
  route('DELETE', '/schema/*/tenants', 'tenantsDelete', deleteTenants),
  route('GET', '/aliases', 'aliases', listAliases, aliases),
  route('POST', '/aliases', 'aliasCreate', createAlias, aliases),
  route('GET', '/aliases/*', 'alias', getAlias, aliases),
  route('PUT', '/aliases/*', 'aliasUpdate', updateAlias, aliases),
  route('DELETE', '/aliases/*', 'aliasDelete', deleteAlias, aliases),
  route('GET', '/objects', 'objects', listObjects),
  route('POST', '/objects', 'objectCreate', writeObject),
  route('GET', '/objects/*/*', 'object', getObject),
  route('PATCH', '/objects/*/*', 'objectMerge', mergeObject),
  route('DELETE', '/objects/*/*', 'objectDelete', deleteObject),
  route('POST', '/batch/objects', 'batch', writeBatch),
  route('POST', '/graphql', 'graphql', graphql),
  route('GET', '/authz/roles', 'roles', listRoles, access),
  route('POST', '/authz/roles', 'roleCreate', createRole, access),
  route('DELETE', '/authz/roles/*', 'roleDelete', deleteRole, access),
  route('GET', '/authz/roles/*/user-assignments', 'assignments', listAssignments, access),
  route('GET', '/authz/roles/*/group-assignments', 'assignments', listAssignments, access),
  route('GET', '/users/db', 'users', listUsers, access),
  route('GET', '/users/own-info', 'ownInfo', ownInfo, access),
  route('POST', '/users/db/*', 'userCreate', createUser, access),
  route('DELETE', '/users/db/*', 'userDelete', deleteUser, access),
  route('GET', '/.well-known/ready', 'ready', ready, open),
  route('GET', '/.well-known/live', 'live', ready, open),
  route('GET', '/.well-known/openid-configuration', 'openid', openidConfiguration, open),
];

/** Every name of a call, as switches take them. */
export const CALLS = [...new Set(ROUTES.map(({ call }) => call))];
