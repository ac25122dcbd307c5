import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTool } from '../../infra/tools/find-tool.ts';
import { callInflux, countPoints, writeLines } from '../support/influx.ts';
import { startInfluxd as startServer } from '../support/influxd.ts';

export const TOKEN = 'operator-token-of-the-tests';

/** What the tests read of the server's answers. */
export interface ApiAnswer {
  id: string;
  token: string;
  org: { id: string };
  buckets: ApiBucket[];
  content: { bucketID: string }[];
  authorizations: { permissions: { action: string; resource: { type: string } }[] }[];
}

export interface ApiBucket {
  id: string;
  orgID: string;
  name: string;
  description?: string;
  retentionRules: { everySeconds: number }[];
}

export interface InfluxServer extends AsyncDisposable {
  url: string;
  orgID: string;
  /** A call of the API; throws unless the status is 2xx. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<ApiAnswer>;
  createBucket(
    name: string,
    options?: { everySeconds?: number; description?: string; orgID?: string },
  ): Promise<string>;
  write(bucket: string, lines: string[], org?: string): Promise<void>;
  /** The number of points of a bucket, over all fields. */
  count(bucket: string, org?: string): Promise<number>;
  bucketNames(): Promise<string[]>;
  stop(): Promise<void>;
}

export const HOUR = 3600;
/** A while ago, at a full hour: near "now" the server creates shards of its own. */
export const BEGIN = 1_700_000_000 - (1_700_000_000 % HOUR);

/** One point per host and minute step, in as many hours: one shard each, in a bucket of `createBucket`. */
export function points(hours: number, hosts = ['a', 'b'], perHour = 3): string[] {
  const lines: string[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    for (const host of hosts) {
      for (let i = 0; i < perHour; i += 1) {
        lines.push(`m,host=${host} v=${hour}.${i} ${BEGIN + hour * HOUR + i * 60}`);
      }
    }
  }
  return lines;
}

/** Starts a real influxd and sets it up: organisation `acme`, bucket `first`. */
export async function startInfluxd(
  options: { flags?: string[]; token?: string } = {},
): Promise<InfluxServer> {
  const token = options.token ?? TOKEN;
  const server = await startServer({ token, bucket: 'first', args: options.flags ?? [] });
  const { url } = server;
  const api = async (method: string, path: string, body?: unknown, as = token) => {
    const answer = await callInflux({ url, token: as }, method, path, body as object | undefined);
    const { status, text, headers } = answer;
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    const isJson = (headers.get('content-type') ?? '').includes('json');
    return (isJson && text !== '' ? answer.json() : {}) as ApiAnswer;
  };
  const { orgID } = first((await api('GET', '/api/v2/buckets?name=first')).buckets);
  return {
    url,
    orgID,
    api,
    createBucket: async (
      name,
      { everySeconds = 0, description = '', orgID: other = orgID } = {},
    ) => {
      const retentionRules = [{ type: 'expire', everySeconds, shardGroupDurationSeconds: HOUR }];
      return (
        await api('POST', '/api/v2/buckets', { orgID: other, name, description, retentionRules })
      ).id;
    },
    write: (bucket, lines, org = 'acme') => writeLines({ url, token, org }, bucket, lines),
    count: async (bucket, org = 'acme') => {
      const counts = Object.values(await countPoints({ url, token, org }, bucket));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    bucketNames: async () => {
      const { buckets } = await api('GET', '/api/v2/buckets?limit=100');
      return buckets
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('_'))
        .sort();
    },
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Runs the official command line tool. */
export async function influx(
  server: { url: string },
  args: string[],
  token = TOKEN,
): Promise<string> {
  const tool = await findTool('influx');
  const { stdout, stderr } = await promisify(execFile)(
    tool,
    [...args, '--host', server.url, '--token', token],
    {
      env: { ...process.env, INFLUX_CONFIGS_PATH: '/dev/null' },
    },
  );
  return stdout + stderr;
}

/** The first of what must not be empty. */
export function first<T>(items: readonly T[] | undefined): T {
  const [item] = items ?? [];
  if (item === undefined) throw new Error('There is none.');
  return item;
}
