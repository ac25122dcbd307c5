import { describe, expect, test } from 'vitest';
import { readNode } from './backup/descriptors.ts';
import { stage } from './stage.ts';
import type { Switches } from './switches.ts';

const HOUR_MS = 3_600_000;

describe('a simulated backup', () => {
  test('shows its end two seconds after its beginning, or ten later', async () => {
    await using quick = await stage({ speed: 100 });
    await using slow = await stage({ speed: 100, switches: { workMs: 3000 } });
    const took = async (one: typeof quick) => {
      await one.create('one');
      const { startedAt = '', completedAt = '' } = await one.ended('one');
      return Date.parse(completedAt) - Date.parse(startedAt);
    };
    // Stamps are in whole milliseconds, and a timer may come one early.
    expect(await took(quick)).toBeGreaterThanOrEqual(20 - 4);
    expect(await took(slow)).toBeGreaterThanOrEqual(120 - 4);
  });

  test('has no time of its end while the coordinator remembers it, also when it is SUCCESS', async () => {
    await using one = await stage({ switches: { settleMs: HOUR_MS * 24 } });
    await one.create('one');
    const told = await one.until(`${one.backups}/one`, ({ status }) => status === 'SUCCESS');
    expect(told.completedAt).toBe('0001-01-01T00:00:00.000Z');
    one.simulator.speed = 1e9;
    expect((await one.ended('one')).completedAt).not.toMatch(/^0001/);
  });

  test('that another node is asked for is told as the storage has it', async () => {
    await using two = await stage({
      nodes: ['node1', 'node2'],
      switches: { settleMs: HOUR_MS * 24 },
    });
    await two.create('one');
    await two.until(`${two.backups}/one`, ({ status }) => status === 'SUCCESS');
    const there = { url: two.simulator.urls['node2'] ?? '', apiKey: undefined };
    const answer = await two.call('GET', `${two.backups}/one`, undefined, there);
    expect(answer.json()).toMatchObject({ status: 'STARTED' });
    two.simulator.speed = 1e9;
    await two.ended('one');
    const again = await two.call('GET', `${two.backups}/one`, undefined, there);
    expect(again.json()).toMatchObject({ status: 'SUCCESS' });
  });

  test('writes descriptors and chunks, and leaves no probe', async () => {
    await using two = await stage({ nodes: ['node1', 'node2'], chunkBytes: 1 });
    await two.create('one');
    await two.ended('one');
    expect(await two.place.list('one/')).toEqual([
      'one/backup_config.json',
      'one/node1/Article/chunk-1',
      'one/node1/Person/chunk-1',
      'one/node1/backup.json',
      'one/node2/Article/chunk-1',
      'one/node2/Person/chunk-1',
      'one/node2/backup.json',
    ]);
    const node = await readNode(two.place, 'one', 'node2');
    expect(node?.completedAt).toMatch(/^0001/);
    expect(node?.classes.map(({ chunks }) => Object.keys(chunks))).toEqual([['1'], ['1']]);
  });

  test('takes the one slot of its coordinator, and keeps other coordinators away', async () => {
    await using two = await stage({ nodes: ['node1', 'node2'], switches: { backupHangs: true } });
    await two.create('one');
    const here = await two.create('two');
    expect([here.status, here.text]).toEqual([422, expect.stringContaining('already in progress')]);
    const node2 = { url: two.simulator.urls['node2'] ?? '', apiKey: undefined };
    const there = await two.call('POST', two.backups, { id: 'two' }, node2);
    expect([there.status, there.text]).toEqual([
      500,
      expect.stringMatching(/cannot commit : backup one already in progress/),
    ]);
    two.simulator.calm();
    await two.ended('one');
    expect((await two.create('two')).status).toBe(200);
  });

  test('rests on another one where its files are the same, and brings back both', async () => {
    await using one = await stage();
    await one.create('base');
    await one.ended('base');
    await one.ask('POST', '/batch/objects', { objects: one.objects('Person', 5, 10) });
    await one.create('next', { incremental_base_backup_id: 'base' });
    expect(await one.ended('next')).toMatchObject({ incremental_base_backup_id: 'base' });
    const node = await readNode(one.place, 'next', 'node1');
    const articles = node?.classes.find(({ name }) => name === 'Article');
    expect(Object.keys(articles?.shards?.[0]?.incrementalBackupInfo.filesPerBackup ?? {})).toEqual([
      'base',
    ]);
    for (const name of ['Article', 'Person']) await one.ask('DELETE', `/schema/${name}`);
    await one.restore('next');
    expect(await one.restoreEnded('next')).toMatchObject({ status: 'SUCCESS' });
    expect(one.simulator.cluster.collection('Article')?.count()).toBe(100);
    expect(one.simulator.cluster.collection('Person')?.count()).toBe(15);
  });

  test.each([
    ['that is not there', 'nothing', {}, 'could not fetch base backup'],
    ['of another compression', 'base', { CompressionLevel: 'NoCompression' }, 'compression type'],
  ])('does not rest on one %s', async (_, base, config, words) => {
    await using one = await stage();
    await one.create('base');
    await one.ended('base');
    const answer = await one.create('next', { incremental_base_backup_id: base, config });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('resolve base backup chain');
    expect(answer.text).toContain(words);
  });

  test.each(['NoCompression', 'ZstdBestSpeed', 'BestSpeed', 'DefaultCompression'])(
    'with %s brings back what was there',
    async (CompressionLevel) => {
      await using one = await stage();
      await one.create('one', { config: { CompressionLevel } });
      await one.ended('one');
      await one.ask('DELETE', '/schema/Article');
      await one.restore('one', { include: ['Article'] });
      expect(await one.restoreEnded('one')).toMatchObject({ status: 'SUCCESS' });
      expect(one.simulator.cluster.collection('Article')?.count()).toBe(100);
    },
  );
});

describe('the ends of a simulated backup that are no good', () => {
  test.each<[string, Partial<Switches>, string, RegExp]>([
    ['SUCCESS is not durable', { successThenStarted: 1 }, 'STARTED', /^$/],
    ['the coordinator loses its memory', { coordinatorDies: 1 }, 'STARTED', /^$/],
    ['a class fails', { backupFails: { at: ['Person'] } }, 'FAILED', /class Person/],
    ['nobody says why', { backupFailsSilently: 1 }, 'FAILED', /^$/],
    ['nobody asked', { cancelUnasked: 1 }, 'CANCELED', /node restart/],
    ['a word is new', { unknownStatus: true }, 'COMPACTING', /^$/],
  ])('%s', async (_, switches, status, error) => {
    await using one = await stage({ switches });
    await one.create('one');
    const told = await one.ended('one');
    expect(told.status).toBe(status);
    expect(told.error ?? '').toMatch(error);
    one.simulator.calm();
    expect((await one.create('one')).status).toBe(422);
    expect((await one.create('two')).status).toBe(200);
  });

  test.each<[string, Partial<Switches>, (bytes: Buffer | undefined) => unknown]>([
    ['is cut', { chunkTruncated: { at: ['Article'] } }, (bytes) => (bytes?.length ?? 0) > 0],
    ['has no bytes', { chunkEmpty: { at: ['Article'] } }, (bytes) => bytes?.length === 0],
    ['is gone', { chunkMissing: { at: ['Article'] } }, (bytes) => bytes === undefined],
  ])('SUCCESS, and a chunk %s: a restore fails', async (_, switches, is) => {
    await using one = await stage({ switches });
    await one.create('one');
    expect((await one.ended('one')).status).toBe('SUCCESS');
    expect(is(await one.place.get('one/node1/Article/chunk-1'))).toBe(true);
    await one.ask('DELETE', '/schema/Article');
    await one.restore('one', { include: ['Article'] });
    expect((await one.restoreEnded('one')).status).toBe('FAILED');
  });

  test('SUCCESS, and the descriptor of a node is missing', async () => {
    await using two = await stage({
      nodes: ['node1', 'node2'],
      switches: { nodeDescriptorMissing: { at: ['node2'] } },
    });
    await two.create('one');
    expect((await two.ended('one')).status).toBe('SUCCESS');
    const keys = await two.place.list('one/');
    expect(keys).toContain('one/node1/backup.json');
    expect(keys).not.toContain('one/node2/backup.json');
  });

  test('a class that is deleted fails it before its files are listed, and not after', async () => {
    await using one = await stage({ switches: { listingMs: 100 } });
    one.simulator.speed = 0;
    await one.create('early', { include: ['Person'] });
    await one.ask('DELETE', '/schema/Person');
    one.simulator.speed = 1000;
    expect((await one.ended('early')).status).toBe('FAILED');
    one.simulator.switches.listingMs = 0;
    one.simulator.switches.backupHangs = true;
    await one.create('late', { include: ['Article'] });
    const [work] = one.simulator.cluster.nodes.map(({ memory }) => memory.backingUp);
    expect(work?.id).toBe('late');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await one.ask('DELETE', '/schema/Article');
    one.simulator.switches.backupHangs = false;
    expect((await one.ended('late')).status).toBe('SUCCESS');
  });

  test('a node that is down: nothing begins, and what ran fails after seven minutes', async () => {
    await using two = await stage({ nodes: ['node1', 'node2'], speed: 20_000 });
    two.simulator.switches.backupHangs = true;
    await two.create('one');
    await two.simulator.kill('node2');
    const nodes = (await two.ask('GET', '/nodes')) as { nodes: { status: string }[] };
    expect(nodes.nodes.map(({ status }) => status)).toEqual(['HEALTHY', 'UNAVAILABLE']);
    two.simulator.switches.backupHangs = false;
    expect(await two.ended('one')).toMatchObject({
      status: 'FAILED',
      error: expect.stringContaining('node "node2" might be down') as string,
    });
    const answer = await two.create('two');
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('cannot commit')]);
  });

  test('a killed coordinator: STARTED for ever, a cancel changes nothing, other ids work', async () => {
    await using one = await stage({ switches: { backupHangs: true } });
    await one.create('one');
    await one.restart();
    one.simulator.calm();
    expect((await one.status('one')).status).toBe('STARTED');
    expect((await one.cancel('one')).status).toBe(204);
    expect((await one.status('one')).status).toBe('STARTED');
    expect((await one.create('one')).text).toContain('already exists');
    await one.create('two');
    expect((await one.ended('two')).status).toBe('SUCCESS');
  });

  test('a start that cleans up makes every unfinished one of the place CANCELED', async () => {
    await using one = await stage({ cleanupUnfinished: true, switches: { backupHangs: true } });
    await one.create('one');
    const other = (await one.place.get('one/backup_config.json')) ?? Buffer.alloc(0);
    await one.place.put('of-another-cluster/backup_config.json', other);
    await one.restart();
    for (const id of ['one', 'of-another-cluster']) {
      expect(await one.status(id)).toMatchObject({
        status: 'CANCELED',
        error: 'backup canceled due to node restart',
      });
    }
  });
});

describe('the cancel of a simulated backup', () => {
  test('comes with the next look, frees the slot then, and leaves the id burnt', async () => {
    await using one = await stage({ switches: { backupHangs: true } });
    await one.create('one');
    expect((await one.cancel('one')).status).toBe(204);
    const told = await one.ended('one');
    expect(told.status).toBe('CANCELED');
    expect((await one.cancel('one')).status).toBe(204);
    const again = await one.create('one');
    expect([again.status, again.text]).toEqual([422, expect.stringContaining('%!w(<nil>)')]);
  });

  test('may come too late', async () => {
    await using one = await stage({ switches: { cancelLate: true } });
    await one.create('one');
    expect((await one.cancel('one')).status).toBe(204);
    expect((await one.ended('one')).status).toBe('SUCCESS');
  });

  test.each(['unknown', 'failed'])('of one that is %s is 204', async (id) => {
    await using one = await stage({ switches: { backupFails: 1 } });
    await one.create('failed');
    await one.ended('failed');
    expect((await one.cancel(id)).status).toBe(204);
  });
});
