import { visibleRows } from '../data/content.ts';
import { printable, select, type SqlRow, SqlError } from '../data/sql.ts';
import {
  type Exchange,
  noRoute,
  readBody,
  readJson,
  Refusal,
  send,
  sendJson,
} from '../exchange.ts';
import { strikes } from '../switches.ts';

export async function query(exchange: Exchange): Promise<void> {
  const { node, url, request, cluster } = exchange;
  if (node.role !== 'all' && node.role !== 'query') throw noRoute();
  const asked =
    request.method === 'POST'
      ? await readJson<{ db: string; q: string; format: string }>(exchange)
      : Object.fromEntries(url.searchParams);
  const { db = '', q = '' } = asked;
  if (db !== '_internal' && !cluster.view().content.has(db)) {
    throw new Refusal(404, `database not found: ${db}`);
  }
  if (q.includes('CASE WHEN') && strikes(exchange.switches, 'conditionsSlow', db)) {
    throw new Refusal(504, 'upstream request timeout', true);
  }
  try {
    const rows = select(q, (name) =>
      db === '_internal' ? internal(exchange, name) : table(exchange, db, name),
    );
    sendJson(exchange, 200, printable(rows));
  } catch (error) {
    if (error instanceof SqlError) throw new Refusal(400, error.message);
    throw error;
  }
}

function table(
  { cluster, switches }: Exchange,
  database: string,
  name: string,
): SqlRow[] | undefined {
  if (strikes(switches, 'tableUnreadable', `${database}/${name}`)) {
    throw new Refusal(500, `object store error: a file of table '${name}' was not found`);
  }
  const { content, deletions } = cluster.view();
  return visibleRows(content, deletions, database, name, cluster.now())?.map(({ time }) => ({
    time,
  }));
}

function internal({ cluster, node, switches }: Exchange, name: string): SqlRow[] | undefined {
  const { content } = cluster.view();
  if (name === 'system.databases') {
    return [...content].map(([database_name, { retentionNs }]) => ({
      database_name,
      retention_period_ns: retentionNs === null ? null : Number(retentionNs),
      deleted: false,
      hard_deletion_time: null,
    }));
  }
  if (name === 'system.tables') {
    return [...content].flatMap(([database_name, { tables, ofTables }]) =>
      [...tables.keys()].map((table_name) => {
        const own = ofTables?.get(table_name);
        const retention_period_ns = own === undefined ? null : Number(own);
        const row = { database_name, table_name, deleted: false };
        return switches.tableRetention === 'shown' ? { ...row, retention_period_ns } : row;
      }),
    );
  }
  if (name === 'information_schema.columns') {
    const more = switches.tableRetention === 'shown' ? ['retention_period_ns'] : [];
    return ['database_name', 'table_name', 'deleted', ...more].map((column_name) => ({
      table_schema: 'system',
      table_name: 'tables',
      column_name,
    }));
  }
  if (name === 'system.nodes') {
    return [{ node_id: node.name, mode: node.role, state: 'running', core_count: 2 }];
  }
  return undefined;
}

export function listDatabases(exchange: Exchange): void {
  const names = ['_internal', ...exchange.cluster.content.keys()];
  sendJson(
    exchange,
    200,
    names.map((name) => ({ 'iox::database': name })),
  );
}

/** `no_sync=true` is answered before the rows are persisted. */
export async function write(exchange: Exchange): Promise<void> {
  const { node, cluster, url } = exchange;
  if (node.role !== 'all' && node.role !== 'ingest') throw noRoute();
  if (cluster.restoring) throw new Refusal(503, 'writes are fenced while a restore runs');
  const lines = (await readBody(exchange)).split('\n').filter((line) => line.trim() !== '');
  try {
    const persisted = url.searchParams.get('no_sync') !== 'true';
    cluster.write(url.searchParams.get('db') ?? '', lines, { persisted });
  } catch (error) {
    throw new Refusal(400, error instanceof Error ? error.message : 'partial write');
  }
  send(exchange, 204, '');
}
