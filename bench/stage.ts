import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { openConnection } from '../client/temporal/open-connection.ts';
import { startTemporal, type TemporalServer } from '../test/support/temporal.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { startVersitygw, type Versitygw } from '../test/support/versitygw.ts';
import { TASK_QUEUE, type Operation } from '../workflows/contract/names.ts';
import type { BackupReport, CopyReport, RestoreReport } from '../workflows/contract/operations.ts';
import { startChild, type Child } from './child.ts';
import { timeline } from './timeline.ts';

export const BUCKET = 'bench';

/** A Temporal server, an S3 server, and workers on demand: what every benchmark plays on. */
export interface Stage extends AsyncDisposable {
  readonly s3: Versitygw;
  readonly temporal: TemporalServer;
  readonly client: Client;
  /** What the configuration calls the store. */
  configure(targets: Record<string, object>): Promise<void>;
  startWorker(env: Record<string, string>, nodeArgs?: string[]): Promise<Child>;
  run(operation: 'backup', input: object): Promise<Run<BackupReport>>;
  run(operation: 'restore', input: object): Promise<Run<RestoreReport>>;
  run(operation: 'copy', input: object): Promise<Run<CopyReport>>;
  /** Takes objects away by the folder that the store keeps them in, which is not what is measured. */
  removeObjects(prefix: string): Promise<void>;
}

export interface Run<Report> {
  report: Report;
  /** From the request to start until the result is here. */
  seconds: number;
  /** Of the workflow's history. */
  events: number;
  workflowId: string;
}

export async function startStage(build: string): Promise<Stage> {
  const folder = await temporaryFolder('bench');
  const configPath = join(folder.path, 'holdfast.yaml');
  const temporal = await startTemporal();
  const s3 = await startVersitygw({ buckets: [BUCKET], keepAlive: true });
  const connection = await openConnection({ address: temporal.address });
  const client = new Client({ connection });
  const store = {
    type: 's3',
    bucket: BUCKET,
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: {
      accessKeyId: { env: 'BENCH_ACCESS_KEY' },
      secretAccessKey: { env: 'BENCH_SECRET_KEY' },
    },
  };
  let runs = 0;

  async function run<Report>(operation: Operation, input: object): Promise<Run<Report>> {
    runs += 1;
    const since = performance.now();
    const workflowId = `${operation}/bench/${runs}`;
    const handle = await client.workflow.start(operation, {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [input],
    });
    const report = (await handle.result()) as Report;
    const seconds = (performance.now() - since) / 1000;
    if (process.env['BENCH_TIMELINE']) console.log((await timeline(handle)).join('\n'));
    return { report, seconds, events: (await handle.describe()).historyLength, workflowId };
  }

  return {
    s3,
    temporal,
    client,
    configure: (targets) =>
      writeFile(configPath, JSON.stringify({ stores: { main: store }, targets }, null, 2)),
    startWorker: (env, nodeArgs = []) =>
      startChild(
        join(build, 'bench/processes/worker.js'),
        [temporal.address, configPath, join(folder.path, 'spool')],
        {
          env: { BENCH_ACCESS_KEY: s3.accessKeyId, BENCH_SECRET_KEY: s3.secretAccessKey, ...env },
          nodeArgs: [...nodeArgs, ...(process.env['BENCH_NODE_ARGS']?.split(' ') ?? [])],
        },
      ),
    run,
    removeObjects: (prefix) =>
      rm(join(s3.folder, BUCKET, prefix), { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await s3.stop();
      await temporal.stop();
      await folder.remove();
    },
  };
}
