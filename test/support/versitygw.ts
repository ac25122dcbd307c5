import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findTool } from '../../infra/tools/find-tool.ts';
import { freePort } from './free-port.ts';
import { spawnServer, type RunningServer } from './spawn-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Versitygw extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The folder that holds a folder for each bucket. */
  readonly folder: string;
  readonly server: RunningServer;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** A real S3 server on a fresh folder (or a given one, which then stays), with the buckets named. */
export async function startVersitygw(
  options: {
    buckets?: string[];
    folder?: string;
    executable?: string;
    port?: number;
    /** Default: every answer ends its connection, as versitygw does unless it is told. */
    keepAlive?: boolean;
  } = {},
): Promise<Versitygw> {
  const command = options.executable ?? (await findTool('versitygw'));
  const own = options.folder === undefined ? await temporaryFolder('s3') : undefined;
  const folder = options.folder ?? own?.path ?? '';
  const port = options.port ?? (await freePort());
  const accessKeyId = 'holdfast-tests';
  const secretAccessKey = 'a-secret-for-tests-only';
  const createBucket = async (name: string) => {
    await mkdir(join(folder, name), { recursive: true });
  };
  for (const bucket of options.buckets ?? []) await createBucket(bucket);
  const server = await spawnServer({
    name: 'versitygw',
    command,
    args: [
      '--port',
      `127.0.0.1:${port}`,
      ...(options.keepAlive ? ['--keep-alive'] : []),
      'posix',
      folder,
    ],
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    ready: () => accepts(port),
  });
  const stop = async () => {
    await server.stop();
    await own?.remove();
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    folder,
    server,
    createBucket,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
