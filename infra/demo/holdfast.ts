import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { loadConfig } from '../../activities/config/config.ts';
import { hostIdentity } from '../../activities/stores/host-identity.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { createWorker } from '../../worker/create-worker.ts';
import type { Database, DemoStore } from './servers.ts';

export interface DemoHoldfast {
  client: Client;
  stop(): Promise<void>;
}

export const TARGET = 'metrics';

/** `holdfast.yaml`; JSON is YAML, too. */
export async function writeConfig(
  folder: string,
  temporal: { address: string },
  database: Database,
  store: DemoStore,
): Promise<string> {
  const token = join(folder, 'influx-token');
  await writeFile(token, database.token, { mode: 0o600 });
  const path = join(folder, 'holdfast.yaml');
  const config = {
    temporal: { address: temporal.address },
    stores: { main: store.settings },
    targets: {
      [TARGET]: {
        product: 'influxdb-v2',
        connection: { url: database.url, token: { file: token } },
        store: 'main',
      },
    },
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}

/** A worker in this process, and a client. */
export async function startHoldfast(address: string, configPath: string): Promise<DemoHoldfast> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address });
  const worker = await createWorker({
    connection,
    namespace: 'default',
    loadConfig: () => loadConfig({ path: configPath }),
    searchable: () => Promise.resolve(true),
    // Its store lasts as long as it does, also in a container that has no identity of its own.
    stores: createStoreResources({ host: { ...hostIdentity(), lasts: true } }),
  });
  const running = worker.run();
  const clientConnection = await openConnection({ address });
  return {
    client: new Client({ connection: clientConnection }),
    stop: async () => {
      worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
    },
  };
}
