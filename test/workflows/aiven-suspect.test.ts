import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damagedService } from '../aiven-influxdb/damaged-service.ts';
import { startAivenWorld, type AivenWorld } from './aiven-world.ts';

let world: AivenWorld;

beforeAll(async () => {
  world = await startAivenWorld();
});
afterAll(() => world?.stop());

const backUp = async (tags: Record<string, string> = {}) => {
  const { state, warnings } = await world.holdfast.run('backup', {
    target: 'metrics',
    tags,
  });
  const told = warnings.map(({ code }) => code).filter((code) => code.startsWith('SHARD_'));
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
