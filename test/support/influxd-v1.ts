import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from '../../infra/tools/find-tool.ts';
import { freePort } from './free-port.ts';
import { spawnServer, type RunningServer } from './spawn-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface InfluxdV1 extends AsyncDisposable {
  /** HTTP. */
  readonly url: string;
  /** The snapshot protocol, `127.0.0.1:port`. */
  readonly snapshot: string;
  readonly folder: string;
  readonly server: RunningServer;
  /** Every row of every statement, as one object by column; tags of a GROUP BY among them. */
  query(statement: string, db?: string): Promise<Row[]>;
  /** Line protocol with times in seconds; `rp` default: the database's default policy. */
  write(db: string, lines: string[], rp?: string): Promise<void>;
  /** Has the official tool write a portable backup of everything, or of one database. */
  backup(directory: string, db?: string): Promise<void>;
  /** Has the official tool restore one; throws with what it printed when it fails. */
  restore(directory: string, options?: string[]): Promise<string>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `name` is the measurement, which a column may be called too. */
export interface Row {
  name: string | undefined;
  [column: string]: unknown;
}

export interface InfluxdV1Options {
  /** A folder that stays; default: a temporary one. */
  folder?: string;
  executable?: string;
  /** `inmem`, the server's default, or `tsi1`. */
  index?: 'inmem' | 'tsi1';
  /** Series that a query may read; default: any number. */
  maxSelectSeries?: number;
  /** Rows of an answer in one piece; default: any number. */
  maxRows?: number;
  /** The administrator; with it, every request needs credentials. */
  user?: { username: string; password: string };
}

/** A real InfluxDB 1 on loopback, with ports and folders of its own. */
export async function startInfluxdV1(options: InfluxdV1Options = {}): Promise<InfluxdV1> {
  const command = options.executable ?? (await findTool('influxd-v1'));
  const own = options.folder === undefined ? await temporaryFolder('influxd-v1') : undefined;
  const folder = options.folder ?? own?.path ?? '';
  await mkdir(folder, { recursive: true });
  const [http, snapshot] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  const configuration = join(folder, 'influxdb.conf');
  await writeFile(configuration, toml(folder, http, snapshot, options));
  const start = () =>
    spawnServer({
      name: 'influxd 1',
      command,
      args: ['-config', configuration],
      // Settings of the caller's environment would override the file.
      env: withoutSettings(),
      ready: async () => (await fetch(`${url}/ping`)).status === 204,
    });
  let server = await start();
  const login: Record<string, string> = options.user
    ? { authorization: basic(options.user.username, options.user.password) }
    : {};
  const run = promisify(execFile);
  const offline = ['-portable', '-host', `127.0.0.1:${snapshot}`];
  const stop = async () => {
    await server.stop();
    await own?.remove();
  };
  const influxd: InfluxdV1 = {
    url,
    snapshot: `127.0.0.1:${snapshot}`,
    folder,
    get server() {
      return server;
    },
    query: (statement, db) => query(url, statement, login, db),
    write: (db, lines, rp) => write(url, { db, ...(rp && { rp }) }, lines, login),
    async backup(directory, db) {
      await run(command, ['backup', ...offline, ...(db ? ['-db', db] : []), directory]);
    },
    async restore(directory, more = []) {
      const { stdout, stderr } = await run(command, ['restore', ...offline, ...more, directory]);
      return stdout + stderr;
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  if (options.user) {
    const { username, password } = options.user;
    const statement = `CREATE USER "${username}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`;
    await query(url, statement, {}).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  }
  return influxd;
}

function toml(
  folder: string,
  http: number,
  snapshot: number,
  { index = 'inmem', user, maxSelectSeries = 0, maxRows = 0 }: InfluxdV1Options,
): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${snapshot}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  index-version = "${index}"
  query-log-enabled = false
[coordinator]
  max-select-series = ${maxSelectSeries}
[monitor]
  store-enabled = false
[retention]
  check-interval = "24h"
[logging]
  level = "warn"
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
  max-row-limit = ${maxRows}
  auth-enabled = ${user !== undefined}
`;
}

function withoutSettings(): Record<string, string> {
  const settings = Object.keys(process.env).filter((name) => name.startsWith('INFLUXDB_'));
  return Object.fromEntries(settings.map((name) => [name, '']));
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface Series {
  name?: string;
  tags?: Record<string, string>;
  columns: string[];
  values?: unknown[][];
}

async function query(
  url: string,
  statement: string,
  login: Record<string, string>,
  db?: string,
): Promise<Row[]> {
  const response = await fetch(`${url}/query`, {
    method: 'POST',
    headers: login,
    body: new URLSearchParams({ q: statement, epoch: 'ns', ...(db === undefined ? {} : { db }) }),
  });
  const answer = (await response.json()) as {
    error?: string;
    results?: { error?: string; series?: Series[] }[];
  };
  const error = answer.error ?? answer.results?.find((result) => result.error)?.error;
  if (error !== undefined) throw new Error(`${statement}: ${error}`);
  return (answer.results ?? []).flatMap(({ series = [] }) => series.flatMap(rowsOf));
}

function rowsOf({ name, tags, columns, values = [] }: Series): Row[] {
  return values.map((row) => ({
    ...Object.fromEntries(columns.map((column, at) => [column, row[at]])),
    ...tags,
    name: columns.includes('name') ? (row[columns.indexOf('name')] as string) : name,
  }));
}

async function write(
  url: string,
  to: Record<string, string>,
  lines: string[],
  login: Record<string, string>,
): Promise<void> {
  const asked = new URLSearchParams({ ...to, precision: 's' }).toString();
  for (let at = 0; at < lines.length; at += 5000) {
    const body = lines.slice(at, at + 5000).join('\n');
    const response = await fetch(`${url}/write?${asked}`, { method: 'POST', headers: login, body });
    if (response.status !== 204) throw new Error(await response.text());
  }
}
