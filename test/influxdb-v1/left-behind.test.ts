import { expect, test } from 'vitest';
import { missingShards } from '../../activities/pipeline/influxdb-portable/missing-shards.ts';
import { chooseDatabases } from '../../activities/products/influxdb-v1/restore-choice.ts';
import { readContent } from '../../activities/products/influxdb-v1/restore-content.ts';
import { leftBehind } from '../../activities/products/influxdb-v1/restore-warnings.ts';
import { backupInMemory } from './backup-in-memory.ts';
import { manifest, members, metadata } from './portable-backup.ts';

const [lost, other] = ['telemetry', 'events of plant 7'].map((database) => {
  const found = manifest.files.find((file) => file.database === database);
  if (!found) throw new Error(`The backup has no shard of ${database}.`);
  return found;
});

async function leftOf(
  select?: { databases: string[] },
  captured = { from: new Date(), to: new Date() },
  without = [lost],
) {
  const gone = without.map((file) => file?.fileName);
  const held = [...members].filter(([name]) => !gone.includes(name));
  const content = await readContent(backupInMemory(new Map(held)));
  const request = { target: 'aiven', ...(select && { select }) };
  const [from, to] = [captured.from.toISOString(), captured.to.toISOString()];
  return leftBehind(content, chooseDatabases(content.metadata.databases, request), { from, to });
}

test('a plan names the shard that the metadata know and the backup does not hold', async () => {
  const sentence = `shard ${lost?.shardID} of ${lost?.database}/${lost?.policy} (the backup does not hold it)`;
  expect(await leftOf()).toContain(sentence);
  const elsewhere = await leftOf({ databases: [other?.database ?? ''] });
  expect(elsewhere.filter((one) => one.startsWith('shard'))).toEqual([]);
});

test('a plan names several of one policy in one sentence', async () => {
  const all = manifest.files.filter(
    ({ database, policy }) => database === lost?.database && policy === lost.policy,
  );
  const ids = all.map(({ shardID }) => shardID).join(', ');
  expect(await leftOf(undefined, undefined, all)).toContain(
    `${all.length} shards of ${lost?.database}/${lost?.policy} (the backup does not hold them: ${ids})`,
  );
});

test.each([
  ['does not name a shard that was named in advance', 30, 30, 0],
  ['nor one that has begun while the backup was made', 30, -60, 0],
  ['names one that had begun before', -1, -60, 1],
  ['names one that holds points of the future', 90, 90, 1],
])('a plan %s', async (_, from, to, named) => {
  const before = (minutes: number) => new Date(startOf(lost?.shardID) - minutes * 60_000);
  const left = await leftOf(undefined, { from: before(from), to: before(to) });
  expect(left.filter((one) => one.includes('the backup does not hold'))).toHaveLength(named);
});

function startOf(shard: number | undefined): number {
  const [found] = missingShards(metadata, (id) => id !== shard);
  return Number((found?.start ?? 0n) / 1_000_000n);
}
