import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damagedService } from '../aiven-influxdb/damaged-service.ts';
import { manifest } from '../influxdb-v1/portable-backup.ts';
import { startAivenWorld, type AivenWorld } from './aiven-world.ts';
import { causeOf } from './world.ts';

let world: AivenWorld;

beforeAll(async () => {
  world = await startAivenWorld();
});
afterAll(() => world?.stop());

const backUp = async (tags: Record<string, string> = {}, target = 'metrics') => {
  const { state, warnings } = await world.holdfast.run('backup', { target, tags });
  const told = warnings.map(({ code }) => code).filter((code) => /^SHARD_|_DATA$/.test(code));
  return { state, told };
};

test('a backup that lacks a shard of the last one is suspect, and so is each later one, until the loss is accepted', async () => {
  expect(await backUp()).toMatchObject({ state: 'ok', told: [] });
  const lacking = join(world.holdfast.folder, 'lacking.tar');
  world.aiven.state.content = await damagedService(lacking, { 2: undefined });
  expect(await backUp()).toMatchObject({ state: 'suspect', told: ['SHARD_UNREADABLE'] });
  // InfluxDB has the shard again from its second start on, and not its files.
  world.aiven.state.content = await damagedService(lacking, { 2: /^$/ });
  expect(await backUp()).toMatchObject({ state: 'suspect', told: ['SHARD_UNREADABLE'] });

  const accepted = await backUp({ 'accept-shrunk': 'yes' });
  expect(accepted).toMatchObject({ state: 'ok', told: ['SHARD_UNREADABLE'] });
  expect(await backUp()).toMatchObject({ state: 'ok', told: [] });
});

test('a backup without a shard is that of a tool that failed, unless the last one held no more; without a last one it is suspect until it is accepted', async () => {
  const nothing = join(world.holdfast.folder, 'nothing.tar');
  const shards = manifest.files.map(({ shardID }) => [shardID, undefined] as const);
  world.aiven.state.content = await damagedService(nothing, Object.fromEntries(shards));
  const requested = world.requested();
  await expect(backUp().catch(causeOf)).resolves.toMatchObject({
    type: 'SOURCE_GARBLED',
    message: expect.stringMatching(/holds no shard, and its metadata name \d that backup /),
  });
  expect(world.requested() - requested).toBe(3);

  const told = ['BACKUP_WITHOUT_DATA', 'SHARD_GONE'];
  expect(await backUp({}, 'twin')).toEqual({ state: 'suspect', told });
  expect(await backUp({ 'accept-shrunk': 'yes' }, 'twin')).toEqual({ state: 'ok', told });
  expect(await backUp({}, 'twin')).toEqual({ state: 'ok', told: ['BACKUP_WITHOUT_DATA'] });
});
