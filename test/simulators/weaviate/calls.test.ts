import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { Account } from './cluster.ts';
import { directoryStorage } from './storage/directory.ts';
import { stage } from './stage.ts';
import { parseSwitch, type Switches } from './switches.ts';

describe('what befalls calls', () => {
  test('an answer is lost when everything was done, a request before', async () => {
    await using one = await stage();
    one.simulator.switches.answerLost = { at: ['create'], times: 1 };
    await expect(one.create('one')).rejects.toThrow();
    expect((await one.status('one')).status).toBe('STARTED');
    await one.ended('one');
    one.simulator.switches.connectionLost = { at: ['create'], times: 1 };
    await expect(one.create('two')).rejects.toThrow();
    expect((await one.call('GET', `${one.backups}/two`)).status).toBe(404);
  });

  test.each<[keyof Switches, number]>([
    ['unavailable', 503],
    ['tooManyRequests', 429],
    ['internalError', 500],
    ['proxyReloads', 404],
    ['keyRevoked', 401],
  ])('%s', async (name, status) => {
    await using one = await stage();
    Object.assign(one.simulator.switches, { [name]: { at: ['meta'], times: 1 } });
    expect((await one.call('GET', '/schema')).status).toBe(200);
    expect((await one.call('GET', '/meta')).status).toBe(status);
    expect((await one.call('GET', '/meta')).status).toBe(200);
  });

  test('half of an answer is no JSON', async () => {
    await using one = await stage({ switches: { answerCut: { at: ['schema'] } } });
    const answer = await one.call('GET', '/schema');
    expect(answer.status).toBe(200);
    expect(() => answer.json()).toThrow();
  });

  test('a switch is read from a line', () => {
    expect(parseSwitch('answerLost')).toEqual({ answerLost: true });
    expect(parseSwitch('answerLost=2')).toEqual({ answerLost: 2 });
    expect(parseSwitch('answerLost=@create,status')).toEqual({
      answerLost: { at: ['create', 'status'] },
    });
    expect(parseSwitch('answerLost=@create*1')).toEqual({
      answerLost: { at: ['create'], times: 1 },
    });
    expect(parseSwitch('answerLost=off')).toEqual({ answerLost: false });
    expect(() => parseSwitch('nothing')).toThrow('There is no switch nothing.');
  });
});

describe('what stands in the way of a backup', () => {
  test.each<[string, Partial<Switches>, number, string]>([
    ['the slot is taken', { slotTaken: true }, 422, 'already in progress'],
    ['another node coordinates', { otherCoordinator: true }, 500, 'cannot commit'],
    ['an index is made anew', { reindexing: true }, 422, 'reindex'],
    ['a node is down', { nodeDown: { at: ['node1'] } }, 500, 'cannot commit'],
  ])('%s', async (_, switches, status, words) => {
    await using one = await stage({ switches });
    const answer = await one.create('one');
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
    expect((await one.call('GET', `${one.backups}/one`)).status).toBe(404);
    one.simulator.calm();
    expect((await one.create('one')).status).toBe(200);
  });

  test('a file system, where there are several nodes', async () => {
    await using folder = await temporaryFolder('weaviate-simulator');
    const storage = directoryStorage(folder.path);
    await using two = await stage({ storage, nodes: ['node1', 'node2'] });
    const answer = await two.call('POST', '/backups/filesystem', { id: 'one' });
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('node cluster')]);
  });

  test('a clock that is wrong is told as it is', async () => {
    await using one = await stage({ switches: { clockSkewMs: -3_600_000 } });
    await one.create('one');
    const { startedAt = '' } = await one.ended('one');
    expect(Date.now() - Date.parse(startedAt)).toBeGreaterThan(3_500_000);
  });
});

describe('a storage that is away', () => {
  test('is 422 where something begins, and 500 where something is asked', async () => {
    await using one = await stage();
    await one.create('one');
    await one.ended('one');
    one.simulator.switches.storageAway = true;
    const create = await one.create('two');
    expect([create.status, create.text]).toEqual([
      422,
      expect.stringContaining('check if backup \\"two\\" exists at'),
    ]);
    const restore = await one.restore('one');
    expect([restore.status, restore.text]).toEqual([422, expect.stringContaining('find backup')]);
    for (const path of ['/one', '', '/one/restore']) {
      expect((await one.call('GET', one.backups + path)).status).toBe(500);
    }
    expect((await one.cancel('one')).status).toBe(500);
  });

  test('is 422 nearly everywhere on older servers', async () => {
    await using one = await stage({ version: '1.36.0' });
    await one.create('one');
    await one.ended('one');
    one.simulator.switches.storageAway = true;
    expect((await one.create('two')).status).toBe(422);
    expect((await one.call('GET', `${one.backups}/one`)).status).toBe(422);
    expect((await one.call('GET', `${one.backups}/one/restore`)).status).toBe(500);
    one.simulator.switches.storageAway = false;
    one.simulator.switches.storageDenied = true;
    expect((await one.create('two')).status).toBe(422);
  });

  test('of which half a descriptor is read is 500', async () => {
    await using one = await stage({ switches: { descriptorHalf: { at: ['status'], times: 1 } } });
    await one.create('one');
    expect((await one.call('GET', `${one.backups}/one`)).status).toBe(500);
    expect((await one.call('GET', `${one.backups}/one`)).status).toBe(200);
  });

  test('that refuses writes is 500', async () => {
    await using one = await stage({ switches: { storageDenied: true } });
    const answer = await one.create('one');
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('init uploader')]);
  });

  test('at the end of a backup leaves it STARTED', async () => {
    await using one = await stage({ switches: { settleMs: 86_400_000 } });
    await one.create('one');
    await one.until(`${one.backups}/one`, ({ status }) => status === 'SUCCESS');
    one.simulator.switches.storageAway = { at: ['job'] };
    one.simulator.speed = 1e9;
    expect((await one.ended('one')).status).toBe('STARTED');
  });

  test('at the end of a backup that failed is remembered by that node until it restarts', async () => {
    await using one = await stage({ switches: { backupHangs: true, backupFails: 1 } });
    await one.create('one');
    one.simulator.switches.storageAway = { at: ['job'] };
    one.simulator.switches.backupHangs = false;
    expect((await one.ended('one')).status).toBe('FAILED');
    await one.restart();
    expect((await one.status('one')).status).toBe('STARTED');
  });
});

describe('who may do what', () => {
  const accounts: Account[] = [
    { name: 'root', key: 'root', root: true },
    { name: 'some', key: 'some', backups: ['Article'], reads: true },
    { name: 'none', key: 'none' },
  ];
  const as = (url: string, apiKey: string | undefined) => ({ url, apiKey });

  test('nobody without a key, and nobody with a strange one', async () => {
    await using one = await stage({ accounts, key: 'root' });
    for (const key of [undefined, 'strange', 'a.b.c']) {
      const answer = await one.call('GET', '/meta', undefined, as(one.address.url, key));
      expect(answer.status).toBe(401);
      expect(answer.json()).toMatchObject({ code: 401 });
    }
    const ready = '/.well-known/ready';
    const open = await one.call('GET', ready, undefined, as(one.address.url, undefined));
    expect(open.status).toBe(200);
  });

  test('a list is narrowed to what is allowed, names must all be', async () => {
    await using one = await stage({ accounts, key: 'root' });
    const some = as(one.address.url, 'some');
    const asked = (id: string, include?: string[], who = some) =>
      one.call('POST', one.backups, { id, ...(include ? { include } : {}) }, who);
    expect((await asked('one', ['Article', 'Person'])).status).toBe(403);
    expect((await asked('one', undefined, as(one.address.url, 'none'))).status).toBe(403);
    expect((await asked('one')).json()).toMatchObject({ classes: ['Article'] });
    await one.ended('one');
    await one.create('both');
    await one.ended('both');
    const list = await one.call('GET', one.backups, undefined, some);
    expect((list.json() as { id: string }[]).map(({ id }) => id)).toEqual(['one']);
    expect((await one.call('GET', `${one.backups}/both`, undefined, some)).status).toBe(403);
  });

  test('the base of an increment is told to root alone', async () => {
    await using one = await stage({ accounts, key: 'root' });
    await one.create('base', { include: ['Article'] });
    await one.ended('base');
    await one.create('next', { include: ['Article'], incremental_base_backup_id: 'base' });
    expect((await one.ended('next')).incremental_base_backup_id).toBe('base');
    const some = as(one.address.url, 'some');
    const answer = await one.call('GET', `${one.backups}/next`, undefined, some);
    expect(answer.json()).not.toHaveProperty('incremental_base_backup_id');
  });
});
