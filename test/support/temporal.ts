import { openConnection } from '../../client/temporal/open-connection.ts';
import { findTool } from '../../infra/tools/find-tool.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/names.ts';
import { freePort } from './free-port.ts';
import { spawnServer, type RunningServer } from './spawn-server.ts';

export interface TemporalServer extends AsyncDisposable {
  readonly address: string;
  /** Where the UI answers, when asked for. */
  readonly ui?: string;
  readonly server: RunningServer;
  stop(): Promise<void>;
}

/** Four partitions of a queue pass each other the tasks of few workers: time that many tests share. */
const ONE_PARTITION = ['Read', 'Write'].map((of) => `matching.numTaskqueue${of}Partitions=1`);

const TYPE_NAMES = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/** A real Temporal server with Holdfast's search attributes. It forgets everything when it stops, unless it has a file. */
export async function startTemporal(
  options: { ui?: boolean; port?: number; database?: string } = {},
): Promise<TemporalServer> {
  const command = await findTool('temporal');
  const port = options.port ?? (await freePort());
  const uiPort = options.ui ? await freePort() : undefined;
  const address = `127.0.0.1:${port}`;
  const server = await spawnServer({
    name: 'temporal',
    command,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=error',
      ...ONE_PARTITION.flatMap((setting) => ['--dynamic-config-value', setting]),
      ...(options.database === undefined ? [] : ['--db-filename', options.database]),
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', `${uiPort}`]),
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
        '--search-attribute',
        `${name}=${TYPE_NAMES[type]}`,
      ]),
    ],
    ready: () => knowsSearchAttributes(address),
  });
  const stop = () => server.stop();
  return {
    address,
    ...(uiPort === undefined ? {} : { ui: `http://127.0.0.1:${uiPort}` }),
    server,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function knowsSearchAttributes(address: string): Promise<boolean> {
  const connection = await openConnection({ address, connectTimeout: '2 seconds' });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    return Object.keys(SEARCH_ATTRIBUTES).every((name) => customAttributes[name] !== undefined);
  } finally {
    await connection.close();
  }
}
