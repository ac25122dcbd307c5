import { createInterface } from 'node:readline';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../activities/config/config.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { failOn } from './bad-disk.ts';
import { deathWish } from './death-wish.ts';
import { IN_MAIN_THREAD } from './main-thread.ts';
import type { WorkerOrders } from './worker-process.ts';

/** A worker in a process of its own; its orders come as one line of JSON, and it tells on stdout how it is doing. */
async function main(): Promise<void> {
  const [line] = await new Promise<string[]>((resolve) => {
    createInterface({ input: process.stdin }).once('line', (text) => resolve([text]));
  });
  const orders = JSON.parse(line ?? '{}') as WorkerOrders;
  process.stdin.unref();
  if (orders.badDisk) failOn(orders.badDisk);

  Runtime.install({ logger: new DefaultLogger(orders.logLevel ?? 'WARN') });
  const connection = await NativeConnection.connect({ address: orders.address });
  const stores = createStoreResources({
    ...(orders.stallMs === undefined ? {} : { stallMs: orders.stallMs }),
    ...(orders.copy && { copy: orders.copy }),
    ...(orders.hostId && { host: { id: orders.hostId, name: orders.hostId, lasts: true } }),
  });
  const worker = await createWorker({
    connection,
    namespace: orders.namespace,
    loadConfig: () => loadConfig({ path: orders.configPath }),
    searchable: () => Promise.resolve(true),
    spoolRoot: orders.spoolRoot,
    stores,
    // Time-outs of heartbeats are short in tests: on a loaded machine each beat counts.
    heartbeatThrottleMs: 500,
    sdk: {
      workflowBundle: { codePath: orders.workflows },
      // Every workflow task is a replay: none waits for the cache of a worker that died.
      maxCachedWorkflows: 0,
      ...IN_MAIN_THREAD,
      interceptors: { activity: [deathWish(orders.dieAt ?? [], orders.freezeAt ?? [])] },
    },
  });
  process.once('SIGTERM', () => worker.shutdown());
  process.stdout.write('ready\n');
  await worker.run();
  await stores.close();
  await connection.close();
  process.stdout.write('ended\n');
}

void main();
