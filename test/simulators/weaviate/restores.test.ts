import { describe, expect, test } from 'vitest';
import { stage, type Stage } from './stage.ts';
import type { SimulatorOptions } from './simulator.ts';
import type { Switches } from './switches.ts';

/** A backup of both classes, which are gone then. */
async function saved(options: Partial<SimulatorOptions> = {}): Promise<Stage> {
  const one = await stage(options);
  await one.create('one');
  await one.ended('one');
  for (const name of ['Article', 'Person']) await one.ask('DELETE', `/schema/${name}`);
  return one;
}

/** At the speed of these tests, longer than any of them. */
const LONG_MS = 600_000_000;

const classes = ({ simulator }: Stage) => [...simulator.cluster.collections.keys()].sort();

describe('a simulated restore', () => {
  test('goes through its words', async () => {
    await using one = await saved({ switches: { restoreHangs: true, finalizeMs: LONG_MS } });
    await one.restore('one');
    expect((await one.restoreStatus('one')).status).toBe('TRANSFERRING');
    one.simulator.switches.restoreHangs = false;
    await one.until(`${one.backups}/one/restore`, ({ status }) => status === 'TRANSFERRED');
    expect(classes(one)).toEqual([]);
    one.simulator.speed = 50_000;
    await one.until(`${one.backups}/one/restore`, ({ status }) => status === 'FINALIZING');
    one.simulator.speed = 1e9;
    expect((await one.restoreEnded('one')).status).toBe('SUCCESS');
    expect(classes(one)).toEqual(['Article', 'Person']);
  });

  test('takes the one slot', async () => {
    await using one = await saved({ switches: { restoreHangs: true } });
    await one.restore('one');
    const answer = await one.restore('one');
    expect([answer.status, answer.text]).toEqual([
      422,
      expect.stringContaining('restoration one already in progress'),
    ]);
  });

  test('of a backup that has not succeeded is refused', async () => {
    await using one = await stage({ switches: { backupFails: 1 } });
    await one.create('one');
    await one.ended('one');
    const answer = await one.restore('one');
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('status: FAILED')]);
  });

  test('leaves its word for the next one: a refused restore shows the old SUCCESS', async () => {
    await using one = await saved();
    await one.restore('one');
    expect((await one.restoreEnded('one')).status).toBe('SUCCESS');
    expect((await one.restore('one', { include: ['Nothing'] })).status).toBe(422);
    expect((await one.restoreStatus('one')).status).toBe('SUCCESS');
  });

  test('goes to the nodes that a mapping names, and to no others', async () => {
    await using two = await saved({ nodes: ['node1', 'node2'] });
    const refused = await two.restore('one', { node_mapping: { node1: 'other' } });
    expect(refused.text).toContain('cannot resolve hostname for \\"other\\"');
    const swapped = { node1: 'node2', node2: 'node1' };
    await two.restore('one', { node_mapping: swapped });
    expect((await two.restoreEnded('one')).status).toBe('SUCCESS');
    expect(two.simulator.cluster.collection('Article')?.count()).toBe(100);
  });

  test('is answered without a word when a mapping names a node that the backup lacks', async () => {
    await using one = await saved();
    const answer = await one.restore('one', { node_mapping: { node9: 'node1' } });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect((await one.call('GET', `${one.backups}/one/restore`)).status).toBe(404);
  });

  test('brings back aliases, tenants, users and roles where that is asked', async () => {
    await using one = await stage();
    await one.ask('POST', '/aliases', { alias: 'Story', class: 'Article' });
    await one.ask('POST', '/schema', { class: 'Note', multiTenancyConfig: { enabled: true } });
    const tenants = [{ name: 'a' }, { name: 'b' }, { name: 'c', activityStatus: 'OFFLOADED' }];
    await one.ask('POST', '/schema/Note/tenants', tenants);
    const [note] = one.objects('Note', 1);
    await one.ask('POST', '/batch/objects', { objects: [{ ...note, tenant: 'a' }] });
    await one.ask('PUT', '/schema/Note/tenants', [{ name: 'a', activityStatus: 'INACTIVE' }]);
    await one.call('POST', '/users/db/anna');
    await one.call('POST', '/authz/roles', { name: 'reader', permissions: [] });
    await one.create('one');
    await one.ended('one');
    const { access, aliases, collections } = one.simulator.cluster;
    for (const name of ['Article', 'Person', 'Note']) await one.ask('DELETE', `/schema/${name}`);
    access.users = { berta: {} };
    access.roles = { writer: {} };
    await one.restore('one', { config: { usersOptions: 'all' } });
    expect((await one.restoreEnded('one')).status).toBe('SUCCESS');
    expect(aliases.get('Story')).toBe('Article');
    expect([Object.keys(access.users), Object.keys(access.roles)]).toEqual([['anna'], ['writer']]);
    const shards = [...(collections.get('Note')?.shards.values() ?? [])];
    expect(shards.map(({ name, status, objects }) => [name, status, objects.size])).toEqual([
      ['a', 'INACTIVE', 1],
      ['b', 'ACTIVE', 0],
      ['c', 'OFFLOADED', 0],
    ]);
  });

  test('fails at an alias whose name a class has taken, and the class is there', async () => {
    await using one = await stage();
    await one.ask('POST', '/aliases', { alias: 'Story', class: 'Article' });
    await one.create('one');
    await one.ended('one');
    await one.ask('DELETE', '/schema/Article');
    await one.ask('DELETE', '/aliases/Story');
    await one.ask('POST', '/schema', { class: 'Story' });
    await one.restore('one', { include: ['Article'] });
    expect((await one.restoreEnded('one')).error).toContain('class Story already exists');
    expect(classes(one)).toEqual(['Article', 'Person', 'Story']);
  });
});

describe('the ends of a simulated restore that are no good', () => {
  test.each<[string, Partial<Switches>, string, string[]]>([
    ['it fails after the download', { restoreFails: 1 }, 'FAILED', []],
    ['a class fails, others are there', { restorePartial: true }, 'FAILED', ['Article']],
    ['nothing begins', { restoreIgnored: 1 }, '', []],
    ['the coordinator loses its memory', { restoreCoordinatorDies: 1 }, 'TRANSFERRING', []],
  ])('%s', async (_, switches, status, there) => {
    await using one = await saved();
    Object.assign(one.simulator.switches, switches);
    expect((await one.restore('one')).status).toBe(200);
    if (status === '') {
      expect((await one.call('GET', `${one.backups}/one/restore`)).status).toBe(404);
    } else expect((await one.restoreEnded('one')).status).toBe(status);
    expect(classes(one)).toEqual(there);
  });

  test('a class that is there, in any case of letters: the others come all the same', async () => {
    await using one = await saved();
    await one.ask('POST', '/schema', { class: 'ARTICLE' });
    expect((await one.restore('one')).status).toBe(200);
    const { status, error } = await one.restoreEnded('one');
    expect(status).toBe('FAILED');
    expect(error).toContain('found similar class');
    expect(classes(one)).toEqual(['ARTICLE', 'Person']);
  });

  test.each<[keyof Switches, (one: Stage) => Promise<unknown>, unknown]>([
    [
      'restoreLosesObjects',
      async ({ simulator }) => simulator.cluster.collection('Article')?.count(),
      0,
    ],
    [
      'restoreAltersObject',
      async ({ ask }) => first(await ask('GET', '/objects?class=Article&limit=1')).properties,
      { n: 0, of: 'Article', altered: true },
    ],
    [
      'restoreAltersVector',
      async ({ ask }) =>
        first(await ask('GET', '/objects?class=Article&limit=1&include=vector')).vector,
      [1, 2],
    ],
  ])('SUCCESS, and %s', async (name, look, found) => {
    await using one = await saved();
    Object.assign(one.simulator.switches, { [name]: { at: ['Article'] } });
    await one.restore('one');
    expect((await one.restoreEnded('one')).status).toBe('SUCCESS');
    expect(await look(one)).toEqual(found);
  });
});

describe('the cancel of a simulated restore', () => {
  const cancel = (one: Stage, id = 'one') => one.call('DELETE', `${one.backups}/${id}/restore`);

  test('is told at once, while the slot stays taken until the next look', async () => {
    await using one = await saved({ switches: { restoreHangs: true } });
    one.simulator.speed = 0;
    await one.restore('one');
    expect((await cancel(one)).status).toBe(204);
    expect(await one.restoreStatus('one')).toMatchObject({ status: 'CANCELED' });
    expect((await one.restore('one')).text).toContain('already in progress');
    one.simulator.speed = 1000;
    expect(await one.restoreEnded('one')).toMatchObject({
      status: 'CANCELED',
      error: 'restore canceled by user',
    });
    expect(classes(one)).toEqual([]);
    one.simulator.calm();
    expect((await one.restore('one')).status).toBe(200);
  });

  test('is refused while the schema is applied, and after SUCCESS', async () => {
    await using one = await saved({ switches: { finalizeMs: LONG_MS / 10 } });
    await one.restore('one');
    await one.until(`${one.backups}/one/restore`, ({ status }) => status === 'FINALIZING');
    const late = await cancel(one);
    expect([late.status, late.text]).toEqual([422, expect.stringContaining('applying schema')]);
    one.simulator.speed = 1e9;
    await one.restoreEnded('one');
    const over = await cancel(one);
    expect([over.status, over.text]).toEqual([422, expect.stringContaining('already succeeded')]);
  });

  test('makes a FAILED one CANCELED, and an unknown one is 204', async () => {
    await using one = await saved({ switches: { restoreFails: 1 } });
    await one.restore('one');
    expect((await one.restoreEnded('one')).status).toBe('FAILED');
    expect((await cancel(one)).status).toBe(204);
    expect((await one.restoreStatus('one')).status).toBe('CANCELED');
    expect((await cancel(one, 'nothing')).status).toBe(204);
  });

  test('may be told, and the classes appear all the same', async () => {
    await using one = await saved({ switches: { restoreHangs: true, restoreRunsOn: 1 } });
    await one.restore('one');
    await cancel(one);
    one.simulator.switches.restoreHangs = false;
    expect((await one.restoreEnded('one')).status).toBe('CANCELED');
    await one.until('/schema', () => classes(one).length === 2);
  });

  test('may die half-way: CANCELLING, and no restore of the id begins any more', async () => {
    await using one = await saved({
      switches: { restoreHangs: true, cancelStaysCancelling: true },
    });
    await one.restore('one');
    await cancel(one);
    one.simulator.calm();
    for (let i = 0; i < 2; i += 1) {
      expect((await one.restore('one')).json()).toMatchObject({ status: 'STARTED' });
      expect((await one.restoreStatus('one')).status).toBe('CANCELLING');
    }
    await one.place.remove('one/restore_config.json');
    await one.restore('one');
    expect((await one.restoreEnded('one')).status).toBe('SUCCESS');
  });
});

interface Listed {
  properties: unknown;
  vector: unknown;
}

function first(page: unknown): Listed {
  return (page as { objects: [Listed] }).objects[0];
}
