import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RestoreReport } from '../../workflows/contract/operations.ts';
import { run } from '../client/command.ts';
import { officialBackup } from '../support/official-backup.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 3 });
});
afterAll(() => world?.stop());

it('restores what the metadata of a backup name, and says what they do not', async () => {
  const { source, config, holdfast } = world;
  source.switches.metadataOutrun = 1;
  const dir = join(holdfast.folder, 'official');
  await mkdir(dir);
  await officialBackup(source, dir);
  const file = join(holdfast.folder, 'import.json');
  await writeFile(file, JSON.stringify(config));
  const env = { HOLDFAST_CONFIG: file, TEST_SOURCE_TOKEN: source.token };
  const { result } = await run(['import', dir, '--target', 'metrics', '--json'], { env });

  const restore = await holdfast.start('restore', {
    target: 'metrics',
    backup: String(result['backup']),
    into: 'spare',
  });
  const report = (await restore.result()) as RestoreReport;
  expect(report.plan.artifacts).toBe(5);
  // What is left out is done with, too.
  expect(await restore.query('progress')).toMatchObject({ artifacts: { done: 5, total: 5 } });
  expect(report).toMatchObject({
    restored: ['acme/telemetry'],
    proof: { identical: 3, equivalent: 0 },
  });
  expect(report.warnings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['BUCKET_NOT_IN_METADATA', 'SHARD_NOT_IN_METADATA']),
  );
});
