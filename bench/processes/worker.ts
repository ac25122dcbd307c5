/** A worker as it is shipped, alone in its process: `worker.js <address> <configuration> <spool>`. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../activities/config/config.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { serve } from './serve.ts';

const [address = '', configPath = '', spoolRoot = ''] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const worker = await createWorker({
  connection,
  namespace: 'default',
  loadConfig: () => loadConfig({ path: configPath }),
  searchable: () => Promise.resolve(true),
  spoolRoot,
});
const running = worker.run();
serve({
  stop: async () => {
    worker.shutdown();
    await running;
  },
});
