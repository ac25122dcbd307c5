import { expect, test } from 'vitest';
import { chooseDatabases } from '../../activities/products/influxdb-v1/restore-choice.ts';
import { readContent } from '../../activities/products/influxdb-v1/restore-content.ts';
import { leftBehind } from '../../activities/products/influxdb-v1/restore-warnings.ts';
import { backupInMemory } from './backup-in-memory.ts';
import { manifest, members } from './portable-backup.ts';

const [lost, other] = ['telemetry', 'events of plant 7'].map((database) => {
  const found = manifest.files.find((file) => file.database === database);
  if (!found) throw new Error(`The backup has no shard of ${database}.`);
  return found;
});

async function leftOf(select?: { databases: string[] }): Promise<string[]> {
  const held = [...members].filter(([name]) => name !== lost?.fileName);
  const content = await readContent(backupInMemory(new Map(held)));
  const request = { target: 'aiven', ...(select && { select }) };
  return leftBehind(content, chooseDatabases(content.metadata.databases, request));
}

test('a plan names the shard that the metadata know and the backup does not hold', async () => {
  const sentence = `shard ${lost?.shardID} of ${lost?.database}/${lost?.policy} (the backup does not hold it)`;
  expect(await leftOf()).toContain(sentence);
  const elsewhere = await leftOf({ databases: [other?.database ?? ''] });
  expect(elsewhere.filter((one) => one.startsWith('shard'))).toEqual([]);
});
