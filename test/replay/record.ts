import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { startTemporal } from '../support/temporal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhook } from '../support/webhook.ts';
import { recordBranches } from './record-branches.ts';
import { recordDelegated } from './record-delegated.ts';

/**
 * Records one history of each way through the workflows: `npx tsx test/replay/record.ts --label v0.1.0`. Histories
 * of released versions are never recorded anew, nor removed while such a run may be open.
 */
const { values } = parseArgs({ options: { label: { type: 'string' } } });
if (!values.label) throw new Error('Give the version as --label.');
const folder = fileURLToPath(new URL('histories', import.meta.url));
await mkdir(folder, { recursive: true });

await using temporal = await startTemporal();
await using webhook = await startWebhook();
await using store = await temporaryFolder('record');
const source = await startInfluxSimulator({
  generate: [{ bucket: 'telemetry', shards: 150, shardBytes: 2048 }],
});
const spare = await startInfluxSimulator({ setup: { bucket: 'spare' } });
process.env['RECORD_SOURCE'] = source.token;
process.env['RECORD_SPARE'] = spare.token;
process.env['RECORD_WEBHOOK'] = webhook.url;
const timeouts = { heartbeat: '2s', lockWait: '1s', retryPause: '100ms', attempts: 3 };
const target = (url: string, env: string) => ({
  product: 'influxdb-v2',
  connection: { url, token: { env } },
  store: 'disk',
  timeouts,
});
const holdfast = await startHoldfast({
  address: temporal.address,
  config: {
    stores: { disk: { type: 'directory', path: store.path } },
    targets: {
      metrics: { ...target(source.url, 'RECORD_SOURCE'), cluster: 'one' },
      spare: target(spare.url, 'RECORD_SPARE'),
      told: {
        ...target(source.url, 'RECORD_SOURCE'),
        notify: [{ webhook: { env: 'RECORD_WEBHOOK' } }],
      },
    },
  },
});
const { client } = holdfast;
const start: typeof holdfast.start = (...args) => holdfast.start(...args);

async function record(
  name: string,
  handle: WorkflowHandle,
  folders: string[] = [store.path],
): Promise<void> {
  await handle.result().catch(() => undefined);
  const history = JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())));
  const text = folders
    .reduce((all, path, n) => all.replaceAll(path, `/backups${n || ''}`), history)
    .replaceAll(hostname(), 'host')
    .replaceAll(holdfast.folder, '/etc/holdfast');
  await writeFile(`${folder}/${name}-${values.label}.json`, `${text}\n`);
  console.log(`${name}: ${text.length} characters`);
}

await record('backup-done', await start('backup', { target: 'metrics' }));
await record('lock-released', client.workflow.getHandle('target/metrics'));
await record('backup-told', await start('backup', { target: 'told' }));
await record('verify-quick', await start('verify', { target: 'metrics' }));
await record('verify-deep', await start('verify', { target: 'metrics', depth: 'deep' }));

const buckets = { select: { buckets: ['telemetry'] }, into: 'spare' };
await record(
  'restore-dry',
  await start('restore', { target: 'metrics', ...buckets, dryRun: true }),
);
await record('restore-bucket', await start('restore', { target: 'metrics', ...buckets }));
await record('restore-refused', await start('restore', { target: 'metrics', ...buckets }));
spare.switches.restoreFlipsBit = true;
await record(
  'restore-unproven',
  await start('restore', { target: 'metrics', ...buckets, rename: { telemetry: 'doubtful' } }),
);
spare.calm();
spare.switches.bytesPerSecond = 200;
await record(
  'restore-cancelled',
  await cancelled('restore', { ...buckets, rename: { telemetry: 'cancelled' } }),
);
spare.calm();
await record(
  'restore-server',
  await start('restore', { target: 'metrics', into: 'spare', confirm: 'spare' }),
);

source.switches.shardCut = true;
await record('backup-failed', await start('backup', { target: 'metrics' }));
source.calm();
source.switches.bytesPerSecond = 1_000;
const slow = await start('backup', { target: 'metrics' });
await sleep(1_500);
await record('backup-lock-held', await start('backup', { target: 'metrics' }));
await slow.signal('cancel', { reason: 'recorded' });
await record('backup-cancelled', slow);
source.calm();
await record('backup-wrong-input', await start('backup', { target: 'nobody' }));

await holdfast.stop();
await source.stop();
await spare.stop();
await recordDelegated(temporal.address, record);
await recordBranches(temporal.address, record);

async function cancelled(operation: 'restore', more: object): Promise<WorkflowHandle> {
  const handle = await start(operation, { target: 'metrics', ...more });
  await sleep(1_500);
  await handle.cancel();
  return handle;
}
