import { join } from 'node:path';
import { findTool } from '../../infra/tools/find-tool.ts';
import { freePort } from './free-port.ts';
import { callInflux, type InfluxAddress } from './influx.ts';
import { spawnServer, type RunningServer } from './spawn-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Influxd extends InfluxAddress, AsyncDisposable {
  /** The bucket of the set-up, with shard groups of a week. */
  readonly bucket: string;
  /** Where its data lie. */
  readonly folder: string;
  readonly server: RunningServer;
  /** Ends the process and starts another on the same data and address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface InfluxdOptions {
  org?: string;
  bucket?: string;
  /** The operator's. */
  token?: string;
  /** A folder that stays; default: a temporary one. */
  folder?: string;
  port?: number;
  executable?: string;
  /** Tokens readable in the metadata, as in every server before 2.9. */
  plainTokens?: boolean;
  /** More flags of `influxd`. */
  args?: string[];
  /** `false`: as it was installed, without a user. */
  setUp?: boolean;
}

/** A real influxd 2.x on loopback, set up with a token that is known. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const { org = 'acme', bucket = 'telemetry', token = 'operator-token', args = [] } = options;
  const command = options.executable ?? (await findTool('influxd'));
  const own = options.folder === undefined ? await temporaryFolder('influxd') : undefined;
  const folder = options.folder ?? own?.path ?? '';
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const start = () =>
    spawnServer({
      name: 'influxd',
      command,
      args: [
        '--bolt-path',
        join(folder, 'influxd.bolt'),
        '--sqlite-path',
        join(folder, 'influxd.sqlite'),
        '--engine-path',
        join(folder, 'engine'),
        '--http-bind-address',
        `127.0.0.1:${port}`,
        '--storage-retention-check-interval',
        '24h',
        '--reporting-disabled',
        '--ui-disabled',
        '--no-tasks',
        '--log-level',
        'error',
        ...(options.plainTokens ? ['--use-hashed-tokens=false'] : []),
        ...args,
      ],
      ready: () => passes(url),
    });
  let server = await start();
  if (options.setUp !== false) await setUp({ url, token }, { org, bucket });
  const stop = async () => {
    await server.stop();
    await own?.remove();
  };
  return {
    url,
    token,
    org,
    bucket,
    folder,
    get server() {
      return server;
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function passes(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
  return ((await response.json()) as { status?: string }).status === 'pass';
}

/** A folder that was used before is set up already. */
async function setUp(
  address: { url: string; token: string },
  { org, bucket }: { org: string; bucket: string },
): Promise<void> {
  const path = '/api/v2/setup';
  const { allowed } = (await callInflux(address, 'GET', path)).json() as {
    allowed: boolean;
  };
  if (!allowed) return;
  const { status, text } = await callInflux(address, 'POST', path, {
    username: 'admin',
    password: 'a-password-for-tests',
    org,
    bucket,
    retentionPeriodSeconds: 0,
    token: address.token,
  });
  if (status !== 201) throw new Error(`influxd could not be set up: ${text}`);
}
