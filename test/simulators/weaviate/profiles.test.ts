import { expect, test } from 'vitest';
import type { SimulatedVersion } from './profiles.ts';
import { stage } from './stage.ts';

interface Expected {
  list: number;
  cancel: number;
  restoreCancel: number;
  aliases: number;
  fields: string[];
  zstd: number;
  wildcards: number;
}

const old = ['backend', 'id', 'path', 'status'];
const timed = ['backend', 'completedAt', 'id', 'path', 'startedAt', 'status'];
const sized = [...timed, 'size'].sort();

test.each<[SimulatedVersion, Expected]>([
  [
    '1.24.20',
    {
      list: 405,
      cancel: 405,
      restoreCancel: 405,
      aliases: 404,
      fields: old,
      zstd: 422,
      wildcards: 422,
    },
  ],
  [
    '1.27.2',
    {
      list: 500,
      cancel: 204,
      restoreCancel: 405,
      aliases: 404,
      fields: old,
      zstd: 422,
      wildcards: 422,
    },
  ],
  [
    '1.33.0',
    {
      list: 200,
      cancel: 204,
      restoreCancel: 405,
      aliases: 200,
      fields: timed,
      zstd: 422,
      wildcards: 422,
    },
  ],
  [
    '1.36.0',
    {
      list: 200,
      cancel: 204,
      restoreCancel: 204,
      aliases: 200,
      fields: sized,
      zstd: 200,
      wildcards: 200,
    },
  ],
  [
    '1.38.11',
    {
      list: 200,
      cancel: 204,
      restoreCancel: 204,
      aliases: 200,
      fields: sized,
      zstd: 200,
      wildcards: 200,
    },
  ],
  [
    '1.39.0',
    {
      list: 200,
      cancel: 204,
      restoreCancel: 204,
      aliases: 200,
      fields: sized,
      zstd: 200,
      wildcards: 200,
    },
  ],
])('%s knows what it knows', async (version, expected) => {
  await using one = await stage({ version });
  const status = async (method: string, path: string) => (await one.call(method, path)).status;
  expect(await one.ask('GET', '/meta')).toMatchObject({ version });
  await one.create('one');
  await one.ended('one');
  const found: Expected = {
    list: await status('GET', one.backups),
    cancel: await status('DELETE', `${one.backups}/unknown`),
    restoreCancel: await status('DELETE', `${one.backups}/unknown/restore`),
    aliases: await status('GET', '/aliases'),
    fields: Object.keys(await one.status('one')).sort(),
    zstd: (await one.create('zstd', { config: { CompressionLevel: 'ZstdBestSpeed' } })).status,
    wildcards: 0,
  };
  if (found.zstd === 200) await one.ended('zstd');
  found.wildcards = (await one.create('wild', { include: ['Art*'] })).status;
  expect(found).toEqual(expected);
});

test.each<[SimulatedVersion, string]>([
  ['1.38.11', 'FAILED'],
  ['1.39.0', 'SUCCESS'],
  ['1.36.0', 'SUCCESS'],
])('%s: a node that cannot write its descriptor ends as %s', async (version, status) => {
  await using one = await stage({ version });
  await one.create('one');
  // A folder stands where the node would write.
  await one.place.put('one/node1/backup.json/in-the-way', Buffer.from('x'));
  expect((await one.ended('one')).status).toBe(status);
});

test.each<[SimulatedVersion, number]>([
  ['1.36.0', 1],
  ['1.38.11', 2],
])('%s saves %d of two tenants of which one sleeps', async (version, saved) => {
  await using one = await stage({ version });
  await one.ask('POST', '/schema', { class: 'Note', multiTenancyConfig: { enabled: true } });
  await one.ask('POST', '/schema/Note/tenants', [
    { name: 'awake' },
    { name: 'asleep', activityStatus: 'COLD' },
  ]);
  await one.create('one', { include: ['Note'] });
  await one.ended('one');
  const text = (await one.place.get('one/node1/backup.json'))?.toString() ?? '';
  const { classes } = JSON.parse(text) as { classes: [{ shards: unknown[] }] };
  expect(classes[0].shards.length).toBe(saved);
});

test.each<[SimulatedVersion, string]>([
  ['1.37.11', 'FAILED'],
  ['1.38.11', 'SUCCESS'],
])('%s: a node that the base of a backup does not know ends as %s', async (version, status) => {
  await using one = await stage({ version });
  await one.create('one');
  await one.ended('one');
  await one.place.remove('one/node1/backup.json');
  await one.create('two', { incremental_base_backup_id: 'one' });
  expect((await one.ended('two')).status).toBe(status);
});

test('backups of servers before 1.23 are refused by newer ones', async () => {
  await using one = await stage();
  await one.create('one');
  await one.ended('one');
  const key = 'one/backup_config.json';
  const text = (await one.place.get(key))?.toString() ?? '';
  await one.place.put(key, Buffer.from(text.replace('1.38.11', '1.22.4')));
  expect((await one.restore('one')).status).toBe(422);
  await one.place.put(key, Buffer.from(text.replace('"version":"2.1"', '"version":"3.0"')));
  expect((await one.restore('one')).text).toContain('higher version');
});
