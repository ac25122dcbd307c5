import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  askWeaviate,
  callWeaviate,
  countObjects,
  readObjects,
  type WeaviateAddress,
  writeObjects,
} from '../../support/weaviate-data.ts';
import { seedWeaviate, TENANTS } from '../../support/weaviate-seed.ts';

type Started = WeaviateAddress & AsyncDisposable;

/**
 * What backup and restore really do where nothing goes wrong, and what is refused. Run against the real server (1.38,
 * one node, storage `backend`) and the simulator alike, so that no test of Holdfast relies on what is not there.
 */
export function describeBehaviour(
  name: string,
  start: () => Promise<Started>,
  backend = 's3',
): void {
  describe(`backup and restore of ${name}`, () => {
    let server: Started;
    const backups = `/backups/${backend}`;
    const ask = (method: string, path: string, body?: object | string) =>
      callWeaviate(server, method, path, body);
    const settled = async (path: string) => {
      for (;;) {
        const told = (await askWeaviate(server, 'GET', path)) as Told;
        const running = ['STARTED', 'TRANSFERRING', 'TRANSFERRED', 'FINALIZING', 'CANCELLING'];
        const durable = path.endsWith('/restore') || !told.completedAt?.startsWith('0001');
        if (!running.includes(told.status) && durable) return told;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test('an empty database is refused with 422', async () => {
      const answer = await ask('POST', backups, { id: 'empty' });
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('nothing to do here');
      expect((await ask('GET', `${backups}/empty`)).status).toBe(404);
    });

    describe('of a filled database', () => {
      beforeAll(async () => {
        await seedWeaviate(server, { objects: 40 });
        const answer = await ask('POST', backups, { id: 'one' });
        expect(answer.status).toBe(200);
        expect(answer.json()).toMatchObject({ id: 'one', backend, status: 'STARTED' });
      });

      test('shows no end before it is durable, and then its times and its size', async () => {
        const told = await settled(`${backups}/one`);
        expect(told).toMatchObject({ id: 'one', status: 'SUCCESS' });
        expect(Date.parse(told.completedAt ?? '')).toBeGreaterThan(
          Date.parse(told.startedAt ?? ''),
        );
        expect(told.size).toBeGreaterThan(0);
      });

      test('is listed with its classes', async () => {
        await settled(`${backups}/one`);
        const list = (await askWeaviate(server, 'GET', backups)) as {
          id: string;
          classes: string[];
        }[];
        const one = list.find(({ id }) => id === 'one');
        expect(one?.classes.toSorted()).toEqual(['Article', 'Note', 'Photo']);
      });

      test('burns its id', async () => {
        await settled(`${backups}/one`);
        const answer = await ask('POST', backups, { id: 'one' });
        expect(answer.status).toBe(422);
        expect(answer.text).toContain('already exists');
      });

      test('cannot be cancelled when it has succeeded, while an unknown one can', async () => {
        await settled(`${backups}/one`);
        const answer = await ask('DELETE', `${backups}/one`);
        expect(answer.status).toBe(422);
        expect(answer.text).toContain('already succeeded');
        expect((await ask('DELETE', `${backups}/nothing-of-this-name`)).status).toBe(204);
      });

      test.each([
        ['an id in upper case', { id: 'One' }, 422, 'invalid backup id'],
        ['a class that is not there', { id: 'x', include: ['Nothing'] }, 422, "doesn't exist"],
        ['both lists', { id: 'x', include: ['Article'], exclude: ['Note'] }, 422, 'cannot both'],
        ['a class twice', { id: 'x', include: ['Article', 'Article'] }, 422, 'duplicate'],
        [
          'no class left',
          { id: 'x', exclude: ['Article', 'Note', 'Photo'] },
          422,
          'empty class list',
        ],
      ])('refuses %s in the form of its handlers', async (_, body, status, words) => {
        const answer = await ask('POST', backups, body);
        expect(answer.status).toBe(status);
        const { error } = answer.json() as { error: { message: string }[] };
        expect(error[0]?.message).toContain(words);
      });

      test.each([
        ['a level of compression', { CompressionLevel: 'Fast' }, 606],
        ['too much of the processor', { CPUPercentage: 99 }, 608],
      ])('refuses %s in the form of its validation', async (_, config, code) => {
        const answer = await ask('POST', backups, { id: 'x', config });
        expect(answer.status).toBe(422);
        expect(answer.json()).toMatchObject({ code, message: expect.stringContaining('config.') });
      });

      test('refuses what is no JSON with 400, and an id that is missing with 500', async () => {
        const broken = await ask('POST', backups, '{"id":');
        expect(broken.status).toBe(400);
        expect(broken.json()).toMatchObject({ code: 400 });
        expect((await ask('POST', backups, {})).status).toBe(500);
      });

      test('has no module of another name', async () => {
        const other = await ask('POST', '/backups/azure', { id: 'x' });
        expect(other.status).toBe(422);
        expect(other.text).toContain('did you enable the right module?');
      });

      test('a restore needs a body and a backup', async () => {
        const none = await ask('POST', `${backups}/one/restore`);
        expect(none.status).toBe(422);
        expect(none.json()).toMatchObject({ code: 602 });
        expect((await ask('POST', `${backups}/nothing/restore`, {})).status).toBe(404);
        expect((await ask('GET', `${backups}/nothing/restore`)).status).toBe(404);
        const strange = await ask('POST', `${backups}/one/restore`, { include: ['Nothing'] });
        expect(strange.status).toBe(422);
        expect(strange.text).toContain("doesn't exist in the backup");
      });

      test('a restore onto what is there is accepted, and fails late', async () => {
        await settled(`${backups}/one`);
        const answer = await ask('POST', `${backups}/one/restore`, { include: ['Article'] });
        expect(answer.status).toBe(200);
        const told = await settled(`${backups}/one/restore`);
        expect(told.status).toBe('FAILED');
        expect(told.error).toMatch(/Article.*already exists/);
      });

      test('a restore brings back objects, vectors, tenants and aliases', async () => {
        await settled(`${backups}/one`);
        const all = async () => ({
          articles: await readObjects(server, 'Article'),
          photos: await readObjects(server, 'Photo'),
          notes: await Promise.all(TENANTS.map((tenant) => readObjects(server, 'Note', tenant))),
          aliases: await askWeaviate(server, 'GET', '/aliases'),
        });
        const before = await all();
        for (const one of ['Article', 'Photo', 'Note']) {
          await askWeaviate(server, 'DELETE', `/schema/${one}`);
        }
        const answer = await ask('POST', `${backups}/one/restore`, {});
        expect(answer.json()).toMatchObject({ id: 'one', status: 'STARTED' });
        expect((await settled(`${backups}/one/restore`)).status).toBe('SUCCESS');
        expect(await all()).toEqual(before);
        expect(await countObjects(server, 'Article')).toBe(40);
        expect(await countObjects(server, 'Note', 'south')).toBe(40);
        const late = await ask('DELETE', `${backups}/one/restore`);
        expect(late.status).toBe(422);
        expect(late.text).toContain('already succeeded');
      });

      test('a restore leaves an alias that points elsewhere, unless it is to be moved', async () => {
        await settled(`${backups}/one`);
        await askWeaviate(server, 'PUT', '/aliases/Story', { class: 'Photo' });
        for (const overwriteAlias of [false, true]) {
          await askWeaviate(server, 'DELETE', '/schema/Article');
          const body = { include: ['Article'], overwriteAlias };
          expect((await ask('POST', `${backups}/one/restore`, body)).status).toBe(200);
          expect((await settled(`${backups}/one/restore`)).status).toBe('SUCCESS');
          const alias = { alias: 'Story', class: overwriteAlias ? 'Article' : 'Photo' };
          expect(await askWeaviate(server, 'GET', '/aliases/Story')).toEqual(alias);
        }
      });

      test('an alias is told from others without their case, and from classes with it', async () => {
        const alias = (one: string, of: string) =>
          ask('POST', '/aliases', { alias: one, class: of });
        await askWeaviate(server, 'POST', '/schema', { class: 'Tale' });
        expect((await alias('tales', 'tale')).json()).toEqual({ alias: 'Tales', class: 'Tale' });
        const same = await alias('TALES', 'Photo');
        expect([same.status, same.text]).toEqual([422, expect.stringContaining('already exists')]);
        expect((await alias('Tale', 'Photo')).status).toBe(500);
        expect((await alias('TALE', 'Photo')).status).toBe(200);
        expect((await alias('Other', 'Nothing')).status).toBe(422);
        expect((await alias('Other', 'Tales')).status).toBe(422);
        for (const taken of ['Tales', 'TaleS']) {
          expect((await ask('POST', '/schema', { class: taken })).status).toBe(422);
        }
        const move = (one: string, of: string) => ask('PUT', `/aliases/${one}`, { class: of });
        expect((await move('tales', 'photo')).json()).toEqual({ alias: 'Tales', class: 'Photo' });
        expect((await move('TALES', 'Photo')).status).toBe(404);
        expect((await move('Tales', 'Nothing')).status).toBe(422);
        expect((await move('Nothing', 'Photo')).status).toBe(404);
        expect((await ask('DELETE', '/aliases/tales')).status).toBe(204);
        expect((await ask('DELETE', '/aliases/Tales')).status).toBe(404);
        await askWeaviate(server, 'DELETE', '/aliases/TALE');
        await askWeaviate(server, 'DELETE', '/schema/Tale');
      });

      test('a class that is deleted leaves its aliases behind', async () => {
        await askWeaviate(server, 'POST', '/schema', { class: 'Passing' });
        await askWeaviate(server, 'POST', '/aliases', { alias: 'Passed', class: 'Passing' });
        await askWeaviate(server, 'DELETE', '/schema/Passing');
        const alias = { alias: 'Passed', class: 'Passing' };
        expect(await askWeaviate(server, 'GET', '/aliases/Passed')).toEqual(alias);
        const listed = await askWeaviate(server, 'GET', '/aliases?class=Passing');
        expect(listed).toEqual({ aliases: [] });
      });

      test('objects are paged by id, and an id that is none is refused', async () => {
        const all = await readObjects(server, 'Article');
        const after = all[9]?.id ?? '';
        const path = `/objects?class=Article&limit=5&after=${after}`;
        const page = (await askWeaviate(server, 'GET', path)) as { objects: { id: string }[] };
        expect(page.objects.map(({ id }) => id)).toEqual(all.slice(10, 15).map(({ id }) => id));
        expect((await ask('GET', '/objects?class=Article&limit=5&after=none')).status).toBe(422);
        expect((await ask('GET', '/objects?class=Note&limit=5')).status).toBe(422);
      });

      test('a reference is told with a link, and objects with the time of their last import', async () => {
        const to = { name: 'to', dataType: ['Article'] };
        const definition = { class: 'Linked', vectorizer: 'none', properties: [to] };
        await askWeaviate(server, 'POST', '/schema', definition);
        const [article] = await readObjects(server, 'Article');
        const beacon = `weaviate://localhost/Article/${article?.id}`;
        const id = '00000000-0000-4000-8000-000000000001';
        const write = () =>
          writeObjects(server, [{ class: 'Linked', id, properties: { to: [{ beacon }] } }]);
        const read = async () =>
          (await askWeaviate(server, 'GET', `/objects/Linked/${id}`)) as Timed;
        await write();
        const before = await read();
        expect(before.properties['to']).toEqual([
          { beacon, href: `/v1/objects/Article/${article?.id}` },
        ]);
        expect(before.lastUpdateTimeUnix).toBe(before.creationTimeUnix);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await write();
        const after = await read();
        expect(after.properties).toEqual(before.properties);
        expect(after.creationTimeUnix).toBeGreaterThan(before.lastUpdateTimeUnix);
        expect(after.lastUpdateTimeUnix).toBe(after.creationTimeUnix);
        await new Promise((resolve) => setTimeout(resolve, 5));
        const none = { class: 'Linked', properties: { to: [] } };
        await askWeaviate(server, 'PATCH', `/objects/Linked/${id}`, none);
        const patched = await read();
        expect(patched.creationTimeUnix).toBe(after.creationTimeUnix);
        expect(patched.lastUpdateTimeUnix).toBeGreaterThan(after.lastUpdateTimeUnix);
        await askWeaviate(server, 'DELETE', '/schema/Linked');
      });

      test('the node that leads is told by its name', async () => {
        const { nodes } = (await askWeaviate(server, 'GET', '/nodes')) as {
          nodes: { name: string }[];
        };
        const told = await askWeaviate(server, 'GET', '/cluster/statistics');
        const [node] = nodes;
        expect(told).toMatchObject({ statistics: [{ name: node?.name, leaderId: node?.name }] });
      });

      test('tenants are told in the old words', async () => {
        await askWeaviate(server, 'PUT', '/schema/Note/tenants', [
          { name: 'south', activityStatus: 'INACTIVE' },
        ]);
        const tenants = await askWeaviate(server, 'GET', '/schema/Note/tenants');
        expect(tenants).toContainEqual({ name: 'north', activityStatus: 'HOT' });
        expect(tenants).toContainEqual({ name: 'south', activityStatus: 'COLD' });
        await expect(countObjects(server, 'Note', 'south')).rejects.toThrow(/tenant not active/);
      });

      test('a base must be there, and of the same compression', async () => {
        await settled(`${backups}/one`);
        const next = { id: 'next', incremental_base_backup_id: 'one' };
        const other = await ask('POST', backups, {
          ...next,
          config: { CompressionLevel: 'NoCompression' },
        });
        expect(other.status).toBe(422);
        expect(other.text).toContain('has compression type');
        const none = await ask('POST', backups, { ...next, incremental_base_backup_id: 'none' });
        expect(none.status).toBe(422);
        expect(none.text).toContain('could not fetch base backup');
        const same = await ask('POST', backups, { ...next, incremental_base_backup_id: 'next' });
        expect(same.status).toBe(500);
      });

      test('a route that is not there is told in the form of the router', async () => {
        const answer = await ask('GET', '/nothing');
        expect(answer.status).toBe(404);
        expect(answer.json()).toMatchObject({ code: 404 });
        expect((await ask('PUT', backups, {})).status).toBe(405);
      });
    });
  });
}

interface Timed {
  properties: Record<string, unknown>;
  creationTimeUnix: number;
  lastUpdateTimeUnix: number;
}

interface Told {
  status: string;
  error?: string;
  startedAt?: string;
  completedAt?: string;
  size?: number;
}
