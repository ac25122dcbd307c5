import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askWeaviate, callWeaviate, countObjects } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { secret } from './adapter.ts';
import {
  classesOf,
  dropClasses,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

let world: WeaviateWorld;
/** Of the users of the database, by name. */
const keys = new Map<string, string>();

const READING = [
  { action: 'read_collections', collections: { collection: '*' } },
  { action: 'read_tenants', tenants: { collection: '*', tenant: '*' } },
  { action: 'read_data', data: { collection: '*', tenant: '*', object: '*' } },
  { action: 'read_aliases', aliases: { collection: '*', alias: '*' } },
  { action: 'read_nodes', nodes: { verbosity: 'minimal' } },
  { action: 'read_nodes', nodes: { collection: '*', verbosity: 'verbose' } },
];
const BACKUPS = { action: 'manage_backups', backups: { collection: '*' } };

const ask = (method: string, path: string, body?: object) =>
  askWeaviate(world.weaviate, method, path, body);

async function createUser(name: string, role: string): Promise<void> {
  const { apikey } = (await ask('POST', `/users/db/${name}`)) as { apikey: string };
  keys.set(name, apikey);
  await ask('POST', `/authz/users/${name}/assign`, { roles: [role], userType: 'db' });
}

function as(name: string, method: string, path: string) {
  return callWeaviate({ url: world.weaviate.url, apiKey: keys.get(name) }, method, path);
}

beforeAll(async () => {
  world = await startWeaviateWorld({
    env: {
      AUTHENTICATION_DB_USERS_ENABLED: 'true',
      AUTHORIZATION_RBAC_ENABLED: 'true',
      AUTHORIZATION_RBAC_ROOT_USERS: 'tests',
    },
  });
  await seedWeaviate(world.weaviate, { objects: 100 });
  await ask('POST', '/authz/roles', { name: 'reading', permissions: READING });
  await ask('POST', '/authz/roles', { name: 'saving', permissions: [...READING, BACKUPS] });
  await createUser('ada', 'reading');
  await createUser('bob', 'saving');
  await ask('POST', '/authz/roles', { name: 'saving-alone', permissions: [BACKUPS] });
  await createUser('eve', 'saving-alone');
  const config = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as {
    targets: { articles: { connection: object } };
  };
  const { articles } = config.targets;
  const target = (connection: object) => ({
    ...articles,
    connection: { ...articles.connection, ...connection },
  });
  await world.holdfast.configure({
    ...config,
    targets: {
      ada: target({ apiKey: { env: secret(keys.get('ada') ?? '') } }),
      bob: target({ apiKey: { env: secret(keys.get('bob') ?? '') } }),
      eve: target({ apiKey: { env: secret(keys.get('eve') ?? '') }, roles: { restore: true } }),
      whole: target({}),
      articles: target({
        users: { include: ['ada'], restore: true },
        roles: { include: ['reading'], restore: true },
      }),
    },
  });
});
afterAll(() => world?.stop());

describe('a real Weaviate with roles', () => {
  test('refuses a key that may not back up, and the sentence names the right', async () => {
    const before = await world.written();
    await expect(world.holdfast.run('backup', { target: 'ada' })).rejects.toMatchObject({
      cause: {
        type: 'PERMISSION_MISSING',
        message: expect.stringMatching(
          /: the key or token lacks the right `manage_backups` \(.*\)\.$/,
        ) as string,
      },
    });
    expect(await world.written()).toEqual(before);
  });

  test('needs no more than the rights that the documentation names, also to restore', async () => {
    const { backup, state } = await world.holdfast.run('backup', { target: 'bob' });
    expect(state).toBe('ok');
    await dropClasses(world.weaviate);
    const { restored } = await world.holdfast.run('restore', { target: 'bob', backup });
    expect(restored).toContain('class Photo');
  });

  test('refuses a key that may not read, and says nothing of what that does not see', async () => {
    await expect(world.holdfast.run('backup', { target: 'eve' })).rejects.toMatchObject({
      cause: { type: 'PERMISSION_MISSING' },
    });
    const { backup } = await world.holdfast.run('backup', { target: 'whole' });
    await ask('POST', '/authz/roles/saving-alone/add-permissions', { permissions: READING });
    await dropClasses(world.weaviate);
    const input = { target: 'whole', into: 'eve', backup, confirm: 'eve' };
    await expect(world.holdfast.run('restore', input)).rejects.toMatchObject({
      cause: {
        type: 'PERMISSION_MISSING',
        message: expect.stringMatching(
          /read_collections .* the server has restored, and nothing of it is proven\.$/,
        ) as string,
      },
    });
    expect(await classesOf(world.weaviate)).toEqual(['Article', 'Note', 'Photo']);
    await ask('DELETE', '/users/db/eve');
    await ask('DELETE', '/authz/roles/saving-alone');
  });

  test('gets users and roles back in the place of all others, with their keys and rights', async () => {
    const { backup, warnings } = await world.holdfast.run('backup', { target: 'articles' });
    expect(warnings.map(({ code }) => code)).toEqual(['CREDENTIALS_IN_BACKUP']);
    await dropClasses(world.weaviate);
    for (const name of ['ada', 'bob']) await ask('DELETE', `/users/db/${name}`);
    for (const name of ['reading', 'saving']) await ask('DELETE', `/authz/roles/${name}`);
    expect((await as('ada', 'GET', '/schema')).status).toBe(401);
    await ask('POST', '/authz/roles', { name: 'later', permissions: READING });
    await createUser('carol', 'later');
    expect((await as('carol', 'GET', '/schema')).status).toBe(200);

    const restore = { target: 'articles', backup };
    await expect(world.holdfast.run('restore', restore)).rejects.toMatchObject({
      cause: { type: 'CONFIRM_REQUIRED' },
    });
    const { restored, plan } = await world.holdfast.run('restore', {
      ...restore,
      confirm: 'articles',
    });
    expect(plan.replaces).toEqual([
      expect.stringMatching(/^all users and their keys \(carol; /),
      expect.stringMatching(/^all roles and assignments \(later; /),
    ]);
    expect(restored).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^users /) as string,
        expect.stringMatching(/^roles /) as string,
      ]),
    );
    for (const name of ['bob', 'carol']) {
      expect((await as(name, 'GET', '/schema')).status).toBe(401);
    }
    expect((await callWeaviate(world.weaviate, 'GET', '/authz/roles/later')).status).toBe(404);
    expect((await callWeaviate(world.weaviate, 'GET', '/authz/roles/saving')).status).toBe(404);
    const reading = { url: world.weaviate.url, apiKey: keys.get('ada') };
    expect(await countObjects(reading, 'Article')).toBe(100);
    expect((await as('ada', 'DELETE', '/schema/Article')).status).toBe(403);
  });
});
