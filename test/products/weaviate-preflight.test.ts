import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { connectionSchema } from '../../activities/products/weaviate/config.ts';
import { weaviate } from '../../activities/products/weaviate/index.ts';
import { knownDefects } from '../../activities/products/weaviate/known-defects.ts';
import { readVersion } from '../../activities/products/weaviate/version.ts';
import { loadConfig } from '../../activities/config/load-config.ts';
import { check } from '../../activities/config/problems.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('the preflight of Weaviate', () => {
  let stage: WeaviateStage;
  const start = async (options: Parameters<typeof weaviateStage>[0] = {}) => {
    stage = await weaviateStage(options);
    return stage;
  };
  const preflight = (connection: Record<string, unknown> = {}, purpose = 'backup' as const) =>
    stage.open({ connection }).preflight(purpose);
  afterEach(() => stage[Symbol.asyncDispose]());

  test('finds nothing to say of a version without defects', async () => {
    await start({ nodes: ['b', 'a'] });
    await seedWeaviate(stage.simulator, { objects: 1 });
    expect(await preflight()).toEqual({ version: '1.38.11', identity: 'a,b', warnings: [] });
  });

  test.each([
    ['1.39.0', /may call a backup successful that a node failed to write/],
    ['1.36.0', /leaves inactive tenants out/],
  ] as const)('says plainly what %s does wrong', async (version, message) => {
    await start({ version });
    await seedWeaviate(stage.simulator, { objects: 1 });
    const { warnings } = await preflight();
    expect(warnings.map((one) => one.code)).toContain('VERSION_DEFECT');
    expect(warnings.map((one) => one.message).join('\n')).toMatch(message);
  });

  test.each([
    ['wildcards', { include: ['A*'] }, /wildcards.*1\.36\.0/],
    ['zstd', { compression: 'ZstdBestSpeed' }, /ZstdBestSpeed.*1\.35\.0/],
    ['incremental backups', { incremental: {} }, /incremental.*1\.37\.0/],
    ['users by name', { users: { include: ['eve'] } }, /users\.include/],
    ['roles by name', { roles: { include: ['reader'] } }, /roles\.include/],
  ])('refuses %s on a version that lacks them', async (_, connection, message) => {
    await start({ version: '1.33.0' });
    await stage.ask('POST', '/schema', { class: 'Article' });
    await expect(preflight(connection)).rejects.toMatchObject({
      code: 'VERSION_UNSUPPORTED',
      message: expect.stringMatching(message) as string,
    });
  });

  test.each([
    ['no class at all', {}, 'SELECTION_EMPTY', /has no class/],
    ['a node that is down', {}, 'TARGET_ERROR', /node1 is UNAVAILABLE/],
    ['a module that is missing', { backend: 'gcs' }, 'TARGET_REFUSED', /no module backup-gcs/],
  ])('refuses %s', async (what, connection, code, message) => {
    await start();
    if (what.startsWith('a node')) stage.switches.nodeDown = true;
    await expect(preflight(connection)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test.each([{ include: ['Artikel'] }, { exclude: ['A*'] }])(
    'refuses %j, which leaves no class',
    async (connection) => {
      await start();
      await stage.ask('POST', '/schema', { class: 'Article' });
      await expect(preflight(connection)).rejects.toMatchObject({
        code: 'SELECTION_EMPTY',
        message: expect.stringMatching(/leave nothing of its classes Article\.$/) as string,
      });
    },
  );

  test.each([
    ['include', ['Article', 'Artikel', 'News*'], ['Artikel', 'News*']],
    ['exclude', ['Note', 'Notes', 'Temporary*'], ['Notes']],
  ])('tells of a class that `%s` names and that is not there', async (key, names, missing) => {
    await start();
    for (const name of ['Article', 'Note']) await stage.ask('POST', '/schema', { class: name });
    const { warnings } = await preflight({ [key]: names });
    expect(warnings.map(({ code, subject }) => [code, subject])).toEqual(
      missing.map((name) => ['SELECTION_MISSING', name]),
    );
    const restoring = await stage.open({ connection: { [key]: names } }).preflight('restore');
    expect(restoring.warnings).toEqual([]);
  });

  test('needs no class before a restore', async () => {
    await start();
    const { warnings } = await stage.session.preflight('restore');
    expect(warnings).toEqual([]);
  });

  test('finds that this host does not see the storage', async () => {
    await start();
    await stage.ask('POST', '/schema', { class: 'Article' });
    const storage = { type: 'directory', path: `${stage.folder}/not-there` };
    await expect(preflight({ storage })).rejects.toMatchObject({ code: 'STORE_BUCKET_MISSING' });
  });

  test.each([
    ['a key that nobody knows', 'strange', 'AUTH_REJECTED'],
    ['a key without rights', 'weak', 'PERMISSION_MISSING'],
  ])('refuses %s', async (_, key, code) => {
    process.env['HOLDFAST_TEST_WEAVIATE'] = key;
    await start({
      accounts: [
        { name: 'root', key: 'root', root: true },
        { name: 'weak', key: 'weak' },
      ],
    });
    for (const way of ['apiKey', 'oidcToken']) {
      await expect(preflight({ [way]: { env: 'HOLDFAST_TEST_WEAVIATE' } })).rejects.toMatchObject({
        code,
      });
    }
  });
});

test.each(['backup', 'restore'] as const)(
  'how long a cancelled %s waits for a version that cannot cancel is told',
  (purpose) => {
    const warnings = knownDefects({
      version: readVersion('1.24.0'),
      purpose,
      connection: connectionSchema.parse({
        url: 'http://127.0.0.1:8080',
        storage: { type: 'directory', path: '/backups' },
      }),
      multiTenant: false,
      nodes: 1,
    });
    const told = warnings.filter(({ message }) => message.includes(`cannot cancel a ${purpose}`));
    expect(told.map(({ message }) => message).join()).toContain('for as long as `timeouts.stall`');
  },
);

describe('the connection of Weaviate', () => {
  const s3 = { type: 's3', bucket: 'backups', prefix: 'cluster-a' };
  const base = { url: 'http://127.0.0.1:8080', storage: s3 };
  const problems = (connection: object) =>
    check(weaviate.connection.strict(), connection).problems.map(
      ({ path, text }) => `${path.join('.')}: ${text}`,
    );

  test('needs an address and a storage, and nothing else', () => {
    expect(problems(base)).toEqual([]);
    expect(
      problems({})
        .toSorted()
        .map((one) => one.split(':')[0]),
    ).toEqual(['storage', 'url']);
  });

  test('may pass its own schema again, as it is kept between the steps of a run', () => {
    const once = weaviate.connection.parse({
      ...base,
      storage: { ...s3, prefix: 'cluster-a/' },
      incremental: {},
      users: {},
    });
    expect(weaviate.connection.parse(once)).toEqual(once);
    expect(weaviate.storage(once)).toMatchObject({ ...s3, name: expect.any(String) as string });
  });

  test('leaves nothing out before a restore, and brings back what it would', () => {
    const limited = {
      ...base,
      include: ['Article'],
      users: { include: ['eve'], restore: true },
      roles: { include: ['reader'] },
    };
    const whole = { ...base, users: { restore: true }, roles: {} };
    expect(weaviate.unfiltered?.(limited)).toEqual(weaviate.connection.parse(whole));
  });

  test('is shown with every setting in an example that can be read', async () => {
    const path = fileURLToPath(new URL('../../docs/examples/weaviate.yaml', import.meta.url));
    const { targets, warnings } = await loadConfig({ path });
    expect([...targets.keys()]).toEqual(['articles', 'articles-test']);
    expect(warnings).toEqual([]);
    const text = await readFile(path, 'utf8');
    const settings = Object.keys(weaviate.connection.shape);
    expect(settings.filter((name) => !new RegExp(`[\\s{]${name}:`).test(text))).toEqual([]);
  });

  test.each([
    ['two kinds of credentials', { apiKey: { env: 'A' }, oidcToken: { env: 'B' } }, /either/],
    ['both lists', { include: ['A'], exclude: ['B'] }, /either `include` or `exclude`/],
    ['another bucket than its storage', { bucket: 'other' }, /same bucket/],
    ['another path than its storage', { path: 'other' }, /same path/],
    ['too much of the processor', { cpuPercentage: 99 }, /at most 80/],
    ['a level of compression that is none', { compression: 'Fast' }, /DefaultCompression/],
    ['sizes of parts', { storage: { ...s3, partSize: '8MiB' } }, /unknown key/],
    ['credentials in the address', { url: 'http://u:p@127.0.0.1' }, /without user/],
  ])('refuses %s in words', (_, change, words) => {
    expect(problems({ ...base, ...change }).join('\n')).toMatch(words);
  });
});
