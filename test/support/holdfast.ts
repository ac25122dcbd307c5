import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client, type WorkflowHandleWithStartDetails } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { loadConfig } from '../../activities/config/config.ts';
import { createStoreResources, type StoreResources } from '../../activities/stores/resources.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { TASK_QUEUE, timeName, type Operation } from '../../workflows/contract/names.ts';
import type {
  BackupReport,
  BackupRequest,
  CopyReport,
  CopyRequest,
  DeleteReport,
  DeleteRequest,
  RestoreReport,
  RestoreRequest,
  VerifyReport,
  VerifyRequest,
} from '../../workflows/contract/operations.ts';
import { IN_MAIN_THREAD } from './main-thread.ts';
import { freshNamespace } from './namespace.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { workflowBundle } from './workflow-bundle.ts';

interface Workflows {
  backup: { input: BackupRequest; report: BackupReport };
  restore: { input: RestoreRequest; report: RestoreReport };
  verify: { input: VerifyRequest; report: VerifyReport };
  copy: { input: CopyRequest; report: CopyReport };
  delete: { input: DeleteRequest; report: DeleteReport };
}

/** A worker with the real activities, on a real Temporal server, in a namespace of its own. */
export interface Holdfast extends AsyncDisposable {
  readonly client: Client;
  readonly namespace: string;
  /** Of the configuration file, for relative store paths. */
  readonly folder: string;
  readonly configPath: string;
  start<O extends Operation>(
    operation: O,
    input: Workflows[O]['input'],
    id?: string,
  ): Promise<WorkflowHandleWithStartDetails>;
  run<O extends Operation>(
    operation: O,
    input: Workflows[O]['input'],
  ): Promise<Workflows[O]['report']>;
  configure(config: object): Promise<void>;
  stop(): Promise<void>;
}

export async function startHoldfast(options: {
  address: string;
  config: object;
  searchAttributes?: boolean;
  stores?: StoreResources;
  /** Activities at a time. */
  concurrency?: number;
  /** The worker sends heartbeats as rarely as the product's does. */
  rareHeartbeats?: boolean;
  /** False: the test starts its own, in processes of their own. */
  worker?: boolean;
}): Promise<Holdfast> {
  quietRuntime();
  const folder = await temporaryFolder('worker');
  const configPath = join(folder.path, 'holdfast.yaml');
  const configure = (config: object) => writeFile(configPath, JSON.stringify(config, null, 2));
  await configure(options.config);
  const namespace = await freshNamespace(options.address, {
    searchAttributes: options.searchAttributes ?? true,
  });
  const stores = options.stores ?? createStoreResources();
  const startWorker = async () => {
    const connection = await NativeConnection.connect({ address: options.address });
    const worker = await createWorker({
      connection,
      namespace,
      loadConfig: () => loadConfig({ path: configPath }),
      searchable: () => Promise.resolve(options.searchAttributes ?? true),
      spoolRoot: join(folder.path, 'spool'),
      stores,
      concurrency: options.concurrency,
      // Time-outs of heartbeats are short in tests: on a loaded machine each beat counts.
      heartbeatThrottleMs: options.rareHeartbeats ? undefined : 500,
      sdk: { workflowBundle: { code: await workflowBundle() }, ...IN_MAIN_THREAD },
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
      await connection.close();
    };
  };
  const stopWorker = options.worker === false ? undefined : await startWorker();
  const clientConnection = await openConnection({ address: options.address });
  const client = new Client({ connection: clientConnection, namespace });

  /** The second in the name of the newest backup; undefined where nobody has waited for it. */
  let newest: string | undefined = '';
  const start: Holdfast['start'] = (operation, input, id) => {
    if (operation === 'backup') newest = undefined;
    return client.workflow.start(operation, {
      taskQueue: TASK_QUEUE,
      workflowId: id ?? `${operation}/test/${randomUUID()}`,
      args: [input],
    });
  };
  // Backups of one second are in no order, and on a quick machine a whole one fits into it. A name tells when a worker
  // took the run up, which may be a second later than it was asked for.
  const backUp = async (input: BackupRequest): Promise<BackupReport> => {
    const last = newest ?? timeName(new Date());
    while (timeName(new Date()) <= last) await setTimeout(20);
    const handle = await start('backup', input);
    newest = last;
    const report = (await handle.result()) as BackupReport;
    newest = report.backup.slice(0, timeName(new Date()).length);
    return report;
  };
  const stop = async () => {
    await stopWorker?.();
    await stores.close();
    await clientConnection.close();
    await folder.remove();
  };
  return {
    client,
    namespace,
    folder: folder.path,
    configPath,
    start,
    run: async (operation, input) => {
      if (operation === 'backup') return backUp(input);
      const handle = await start(operation, input);
      return (await handle.result()) as never;
    },
    configure,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
