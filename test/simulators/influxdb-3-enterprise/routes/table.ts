import type { Call, Exchange } from '../exchange.ts';
import { cancelBackup, deleteBackup, getBackup, listBackups, startBackup } from './backups.ts';
import { listDatabases, query, write } from './data.ts';
import { cancelRestore, getRestore, listRestores, startRestore } from './restores.ts';
import { health, ping, ready } from './server.ts';

type Handler = (exchange: Exchange) => void | Promise<void>;

const BACKUP = '/api/v3/enterprise/backup';
const RESTORE = '/api/v3/enterprise/restore';

/** `*` stands for one segment of the path. */
const ROUTES: [method: string, path: string, call: Call, handle: Handler][] = [
  ['GET', '/ping', 'ping', ping],
  ['GET', '/health', 'health', health],
  ['GET', '/ready', 'ready', ready],
  ['POST', '/api/v3/query_sql', 'query', query],
  ['GET', '/api/v3/query_sql', 'query', query],
  ['POST', '/api/v3/write_lp', 'write', write],
  ['GET', '/api/v3/configure/database', 'listDatabases', listDatabases],
  ['GET', BACKUP, 'listBackups', listBackups],
  ['POST', BACKUP, 'startBackup', startBackup],
  ['DELETE', BACKUP, 'cancelBackup', cancelBackup],
  ['GET', `${BACKUP}/*`, 'getBackup', getBackup],
  ['DELETE', `${BACKUP}/*`, 'deleteBackup', deleteBackup],
  ['GET', RESTORE, 'listRestores', listRestores],
  ['POST', RESTORE, 'startRestore', startRestore],
  ['GET', `${RESTORE}/*`, 'getRestore', getRestore],
  ['DELETE', `${RESTORE}/*`, 'cancelRestore', cancelRestore],
];

const PATTERNS = ROUTES.map(([method, path, call, handle]) => ({
  method,
  pattern: new RegExp(`^${path.replace('*', '([^/]+)')}$`),
  call,
  handle,
}));

export function findRoute(
  method: string,
  path: string,
): { call: Call; handle: Handler; parts: string[] } | undefined {
  for (const route of PATTERNS) {
    const found = route.method === method ? route.pattern.exec(path) : null;
    if (found) {
      const parts = found.slice(1).map(decodeURIComponent);
      return { call: route.call, handle: route.handle, parts };
    }
  }
  return undefined;
}
