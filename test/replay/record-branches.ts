import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../workflows/contract/progress.ts';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { deafRun, doneUnheard } from '../support/deaf-run.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { reset } from '../support/reset.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Each way that only newer code takes (`patched`), which a usual run does not come by. */
export async function recordBranches(
  address: string,
  record: (name: string, handle: WorkflowHandle, folders: string[]) => Promise<void>,
): Promise<void> {
  await using store = await temporaryFolder('record');
  const source = await startInfluxSimulator({
    generate: [{ bucket: 'telemetry', shards: 150, shardBytes: 2048 }],
  });
  const spare = await startInfluxSimulator({ setup: { bucket: 'spare' } });
  process.env['RECORD_SOURCE'] = source.token;
  process.env['RECORD_SPARE'] = spare.token;
  const target = (url: string, env: string) => ({
    product: 'influxdb-v2',
    connection: { url, token: { env } },
    store: 'disk',
    limits: { concurrency: 1 },
    timeouts: { heartbeat: '2s', lockWait: '1s', retryPause: '100ms', attempts: 2 },
  });
  const config = {
    stores: { disk: { type: 'directory', path: store.path } },
    targets: {
      metrics: target(source.url, 'RECORD_SOURCE'),
      spare: target(spare.url, 'RECORD_SPARE'),
    },
  };
  await using holdfast = await startHoldfast({ address, config });
  const keep = (name: string, handle: WorkflowHandle) => record(name, handle, [store.path]);
  const backup = () => holdfast.start('backup', { target: 'metrics' });

  const narrow = await backup();
  await keep('backup-narrow', narrow);
  const { backup: id } = (await narrow.result()) as { backup: string };

  const buckets = { select: { buckets: ['telemetry'] }, into: 'spare', backup: id };
  spare.switches.bytesPerSecond = 200;
  const reading = await holdfast.start('restore', { target: 'metrics', ...buckets });
  await sleep(2_000);
  const inUse = { target: 'metrics', backup: id, confirm: id };
  await keep('delete-in-use', await holdfast.start('delete', inUse));
  await reading.cancel();
  await reading.result().catch(() => undefined);
  spare.calm();

  source.switches.bytesPerSecond = 1_000;
  const slow = await backup();
  await sleep(2_000);
  const { runId } = await slow.describe();
  const again = await reset(holdfast, { workflowId: slow.workflowId, runId }, 'last');
  source.calm();
  await keep('backup-reset', again);

  await damageFirst(join(store.path, 'metrics', id));
  Object.assign(config.targets.metrics.limits, { bytesPerSecond: '64KiB' });
  await writeFile(holdfast.configPath, JSON.stringify(config));
  const reader = await holdfast.start('verify', { target: 'metrics', backup: id, depth: 'deep' });
  while ((await reader.query<Progress>('progress')).artifacts.done === 0) await sleep(200);
  await reader.cancel();
  await keep('verify-found-and-cancelled', reader);
  await deafRun(address, (run) => keep('backup-deaf', run));
  await doneUnheard(address, (run) => keep('backup-done-unheard', run));
  await source.stop();
  await spare.stop();
}

/** Of its first object a byte is another. */
async function damageFirst(folder: string): Promise<void> {
  const [line = '{}'] = gunzipSync(await readFile(join(folder, 'objects.ndjson.gz')))
    .toString()
    .split('\n');
  const path = join(folder, (JSON.parse(line) as { path: string }).path);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(700) ^ 1, 700);
  await writeFile(path, bytes);
}
