/** What a test asks of a node, and what it is answered. */
export interface Answered {
  status: number;
  text: string;
  headers: Headers;
  json(): Record<string, unknown>;
}

const BACKUP = '/api/v3/enterprise/backup';
const RESTORE = '/api/v3/enterprise/restore';

/** The nine calls and a few more, as any client would make them. */
export function callerOf(address: { url: string; token: string }) {
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> => {
    const answer = await fetch(address.url + path, {
      method,
      headers: { authorization: `Bearer ${address.token}`, ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      headers: answer.headers,
      json: () => JSON.parse(text) as Record<string, unknown>,
    };
  };
  const at = (path: string, name: string) => `${path}/${encodeURIComponent(name)}`;
  return {
    call,
    ping: () => call('GET', '/ping'),
    listBackups: () => call('GET', BACKUP),
    startBackup: (body: unknown) => call('POST', BACKUP, body),
    cancelBackup: (body?: unknown) => call('DELETE', BACKUP, body),
    getBackup: (name: string) => call('GET', at(BACKUP, name)),
    deleteBackup: (name: string) => call('DELETE', at(BACKUP, name)),
    listRestores: () => call('GET', RESTORE),
    startRestore: (name: string) => call('POST', RESTORE, { backup_name: name }),
    getRestore: (id: string) => call('GET', at(RESTORE, id)),
    cancelRestore: (id: string) => call('DELETE', at(RESTORE, id)),
    write: (db: string, lines: string[], more = '') =>
      call('POST', `/api/v3/write_lp?db=${db}${more}`, lines.join('\n')),
    query: async (db: string, q: string) =>
      (await call('POST', '/api/v3/query_sql', { db, q, format: 'json' })).json(),
  };
}
