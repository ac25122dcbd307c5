import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { HoldfastError } from '../../activities/failure.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { temporaryFor } from '../../activities/stores/directory/layout.ts';
import { directoryStorage } from '../simulators/weaviate/index.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, previousOf, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('beginning a backup of Weaviate', () => {
  let stage: WeaviateStage;
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 20 });
  });
  afterEach(() => stage.simulator.calm());
  afterAll(() => stage[Symbol.asyncDispose]());

  const begin = (name = newName(), since = new Date()) => stage.session.backup.start(name, since);

  test.each([
    ['another backup is under way', { slotTaken: 1 }, 'TARGET_BUSY'],
    ['another node coordinates one', { otherCoordinator: 1 }, 'TARGET_BUSY'],
    ['a class is indexed anew', { reindexing: 1 }, 'TARGET_BUSY'],
    ['its storage does not answer', { storageAway: { at: ['create'] } }, 'TARGET_ERROR'],
    ['it may not use its storage', { storageDenied: true }, 'TARGET_REFUSED'],
    ['a node is down', { nodeDown: true }, 'TARGET_ERROR'],
    ['it is not there', { unavailable: true }, 'TARGET_BUSY'],
    [
      'something before it answers in its place',
      { proxyReloads: { at: ['create'] } },
      'TARGET_BUSY',
    ],
    ['it has too much to do', { tooManyRequests: true }, 'TARGET_BUSY'],
    ['the key was revoked', { keyRevoked: true }, 'AUTH_REJECTED'],
  ])('says so when %s', async (_, switches, code) => {
    Object.assign(stage.switches, switches);
    await expect(begin()).rejects.toMatchObject({ code });
  });

  test('knows its own backup again whatever the clocks say, and takes no other', async () => {
    const [name, since] = [newName(), new Date()];
    stage.switches.clockSkewMs = -3_600_000;
    stage.switches.answerLost = { at: ['create'], times: 1 };
    await expect(begin(name, since)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    await begin(name, since);
    await ended(() => stage.session.backup.poll(name));
    stage.switches.clockSkewMs = 3_600_000;
    await expect(begin(name)).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' });
  });

  test('gives up a name that a cancelled backup has burnt', async () => {
    const name = newName();
    await stage.plant(`${name}/backup_config.json`, {
      id: name,
      status: 'CANCELED',
      error: 'canceled',
      startedAt: new Date().toISOString(),
      completedAt: new Date().toISOString(),
      nodes: { node1: { classes: ['Article'], status: 'CANCELED', error: '' } },
    });
    await expect(begin(name)).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' });
  });

  test('leaves no claim of its name behind, neither in a backup nor after its removal', async () => {
    const { name } = await stage.take();
    await stage.session.backup.remove(name);
    const other = newName();
    await begin(other);
    await ended(() => stage.session.backup.poll(other));
    await stage.session.backup.remove(other);
    const left = await readdir(stage.folder, { recursive: true, withFileTypes: true });
    const files = left.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    expect(files.filter((path) => path.includes(name) || path.includes(other))).toEqual([]);
  });

  test('leaves nothing of a claim that a worker died over, neither in a backup nor after its removal', async () => {
    const claims = join(stage.folder, 'holdfast-claims');
    const dieOver = async (name: string) => {
      await mkdir(claims, { recursive: true });
      await writeFile(temporaryFor(join(claims, `${name}.json`)), '{');
    };
    const [kept, removed] = [newName(), newName()];
    await dieOver(kept);
    const observed = await stage.session.backup.observe();
    await begin(kept);
    await ended(() => stage.session.backup.poll(kept));
    await stage.session.backup.inventory(kept, observed);
    await dieOver(removed);
    await begin(removed);
    await ended(() => stage.session.backup.poll(removed));
    await stage.session.backup.remove(removed);
    const left = await readdir(stage.folder, { recursive: true });
    const inside = left.filter((path) => path.startsWith('holdfast-claims'));
    expect(inside.filter((path) => path.includes(kept) || path.includes(removed))).toEqual([]);
  });

  test('is removed for good, also when its end is not written down yet', async () => {
    // At the pace of the stage: one and a half seconds.
    stage.switches.settleMs = 1_500_000;
    const name = newName();
    await begin(name);
    await ended(() => stage.session.backup.poll(name));
    await stage.session.backup.remove(name);
    await sleep(2_000);
    const left = await readdir(stage.folder, { recursive: true });
    expect(left.filter((path) => path.includes(name))).toEqual([]);
  });

  test('is removed also where nobody may list what is being uploaded', async () => {
    const { name } = await stage.take();
    // The folder of this stage has no open uploads that it could refuse to list.
    const denied = new HoldfastError('STORE_DENIED', 'It refused to list open uploads.');
    const listing = vi.spyOn(DirectoryStore.prototype, 'openUploads').mockImplementation(() => {
      throw denied;
    });
    onTestFinished(() => listing.mockRestore());
    await stage.session.backup.remove(name);
    expect(listing).toHaveBeenCalled();
    const left = await readdir(stage.folder, { recursive: true });
    expect(left.filter((path) => path.includes(name))).toEqual([]);
  });

  test('asks for what the connection says', async () => {
    const session = stage.open({
      connection: { include: ['A*', 'Photo'], compression: 'ZstdBestSpeed', cpuPercentage: 80 },
    });
    const { inventory } = await stage.take(session);
    expect(inventory.detail).toMatchObject({ classes: ['Article', 'Photo'], compression: 'zstd' });
    const all = stage.open({ connection: { exclude: ['Note'] } });
    expect((await stage.take(all)).inventory.detail['classes']).toEqual(['Article', 'Photo']);
  });

  test('writes elsewhere when told, and finds it there at every call', async () => {
    const path = join(stage.folder, 'elsewhere');
    await mkdir(path);
    const session = stage.open({ connection: { path, storage: { type: 'directory', path } } });
    const { name } = await stage.take(session);
    expect(await readdir(path)).toContain(name);
    expect((await stage.session.backup.poll(name)).state).toBe('absent');
    await session.backup.cancel(name);
  });

  test('counts a word that it does not know as running', async () => {
    const name = newName();
    stage.switches.backupHangs = true;
    await begin(name);
    stage.switches.unknownStatus = true;
    expect(await stage.session.backup.poll(name)).toMatchObject({ state: 'running' });
    stage.simulator.calm();
    await ended(() => stage.session.backup.poll(name));
  });
});

describe('a backup of Weaviate that runs', () => {
  async function whileRunning(
    options: Parameters<typeof weaviateStage>[0],
    look: (stage: WeaviateStage, name: string) => Promise<void>,
  ) {
    await using stage = await weaviateStage(options);
    await seedWeaviate(stage.simulator, { objects: 5 });
    const name = newName();
    stage.switches.backupHangs = true;
    await stage.session.backup.start(name, new Date());
    await look(stage, name);
    stage.simulator.calm();
    expect(await ended(() => stage.session.backup.poll(name))).toMatchObject({
      state: 'succeeded',
    });
  }

  test('is not taken for gone when something before the server answers 404', () =>
    whileRunning({}, async ({ switches, session: { backup } }, name) => {
      switches.proxyReloads = { at: ['status', 'cancel'] };
      await expect(backup.poll(name)).rejects.toMatchObject({
        code: 'TARGET_BUSY',
        message: expect.stringMatching(/something before it answered \(HTTP 404\)/) as string,
      });
      await expect(backup.cancel(name)).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    }));

  test('is asked for again where 422 says that the storage is away', () =>
    whileRunning({ version: '1.36.0' }, async ({ switches, session: { backup } }, name) => {
      switches.storageAway = { at: ['status'] };
      await expect(backup.poll(name)).rejects.toMatchObject({ code: 'TARGET_ERROR' });
    }));

  test.each(['invalid backup id: uppercase', 'no backup backend "s3", did you enable the module?'])(
    'is not asked for again when the server says "%s"',
    async (message) => {
      const server = createServer((_, response) => {
        response.writeHead(422).end(JSON.stringify({ error: [{ message }] }));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      await using stage = await weaviateStage();
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { backup } = stage.open({ connection: { url } });
      await expect(backup.poll(newName())).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    },
  );
});

describe('an incremental backup of Weaviate', () => {
  let stage: WeaviateStage;
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 20 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());
  const connection = { incremental: { maxChain: 2 } };

  test('rests on the last one, until its chain is long enough', async () => {
    const first = await stage.take(stage.open({ connection }));
    expect(first.inventory.bases).toEqual([]);
    const second = await stage.take(stage.open({ connection, previous: previousOf(first) }));
    expect(second.inventory.bases).toEqual([first.name]);
    const third = await stage.take(stage.open({ connection, previous: previousOf(second) }));
    expect(third.inventory.bases).toEqual([second.name, first.name]);
    const fourth = await stage.take(stage.open({ connection, previous: previousOf(third) }));
    expect(fourth.inventory.bases).toEqual([]);
    expect(fourth.inventory.warnings).toEqual([]);
  });

  test('is a full one where the last is gone or compressed in another way, and says so', async () => {
    const first = await stage.take(stage.open({ connection }));
    const other = { ...connection, compression: 'NoCompression' };
    const full = await stage.take(stage.open({ connection: other, previous: previousOf(first) }));
    expect(full.inventory.bases).toEqual([]);
    expect(full.inventory.warnings.map(({ code }) => code)).toEqual([
      'FULL_INSTEAD_OF_INCREMENTAL',
    ]);
    await stage.session.backup.remove(first.name);
    const anew = await stage.take(stage.open({ connection, previous: previousOf(first) }));
    expect(anew.inventory.bases).toEqual([]);
  });

  test('is a full one where an old server has a node that the last does not know, and says so', async () => {
    const { folder } = stage;
    await using renamed = await weaviateStage({
      nodes: ['node9'],
      version: '1.37.11',
      storage: directoryStorage(folder, 's3'),
    });
    await seedWeaviate(renamed.simulator, { objects: 5 });
    const own = { ...connection, storage: { type: 'directory', path: folder } };
    const first = await stage.take(stage.open({ connection }));
    const second = await renamed.take(
      renamed.open({ connection: own, previous: previousOf(first) }),
    );
    expect(second.inventory.bases).toEqual([]);
    expect(second.inventory.warnings).toEqual([
      {
        code: 'FULL_INSTEAD_OF_INCREMENTAL',
        message: expect.stringContaining('nothing of the nodes node9;') as string,
      },
    ]);
    const third = await renamed.take(
      renamed.open({ connection: own, previous: previousOf(second) }),
    );
    expect(third.inventory.bases).toEqual([second.name]);
  });

  describe('on a chain of which the server misses a part', () => {
    async function chain() {
      const first = await stage.take(stage.open({ connection }));
      const second = await stage.take(stage.open({ connection, previous: previousOf(first) }));
      await stage.session.backup.remove(first.name);
      return previousOf(second);
    }

    test('is a full one, and says so', async () => {
      const { inventory } = await stage.take(stage.open({ connection, previous: await chain() }));
      expect(inventory.bases).toEqual([]);
      expect(inventory.warnings.map(({ code }) => code)).toEqual(['FULL_INSTEAD_OF_INCREMENTAL']);
    });

    test('is a full one where the server alone knows, once it has said so for long', async () => {
      const previous = { ...(await chain()), bases: [] };
      const session = stage.open({ connection, previous });
      const [name, observed] = [newName(), await session.backup.observe()];
      const start = (since: Date) => session.backup.start(name, since);
      await expect(start(new Date())).rejects.toMatchObject({ code: 'TARGET_ERROR' });
      await stage.session.backup.remove(name);
      await start(new Date(Date.now() - 11 * 60_000));
      await ended(() => session.backup.poll(name));
      expect((await session.backup.inventory(name, observed)).bases).toEqual([]);
    });
  });

  describe('on a base of which a chunk', () => {
    const damages: [string, (path: string) => Promise<void>, RegExp][] = [
      ['was cut short', (path) => truncate(path, 400), /is not as it was when that one was com/],
      ['is gone', (path) => rm(path), /is missing/],
    ];
    const chunkOf = ({ inventory }: Awaited<ReturnType<WeaviateStage['take']>>) => {
      const chunk = inventory.objects.find(({ role }) => role === 'chunk');
      return join(stage.folder, chunk?.key ?? '');
    };

    test.each(damages)('%s, is a full one, and says so', async (_, damage) => {
      const first = await stage.take(stage.open({ connection }));
      await damage(chunkOf(first));
      const { inventory } = await stage.take(
        stage.open({ connection, previous: previousOf(first) }),
      );
      expect(inventory.bases).toEqual([]);
      expect(inventory.warnings).toEqual([
        {
          code: 'FULL_INSTEAD_OF_INCREMENTAL',
          message: expect.stringContaining('not as it was written there') as string,
        },
      ]);
    });

    test.each(damages)(
      '%s since the server built on it, is not whole',
      async (_, damage, words) => {
        const first = await stage.take(stage.open({ connection }));
        const session = stage.open({ connection, previous: previousOf(first) });
        const [name, observed] = [newName(), await session.backup.observe()];
        await session.backup.start(name, new Date());
        await ended(() => session.backup.poll(name));
        await damage(chunkOf(first));
        await expect(session.backup.inventory(name, observed)).rejects.toMatchObject({
          code: 'BACKUP_INCOMPLETE',
          message: expect.stringMatching(words) as string,
        });
        // Also where the catalog does not tell any more how the base was written.
        await expect(
          stage.open({ connection }).backup.inventory(name, observed),
        ).rejects.toMatchObject({ code: 'BACKUP_INCOMPLETE' });
      },
    );

    test('is unknown, its list being damaged, is a full one', async () => {
      const previous = previousOf(await stage.take(stage.open({ connection })));
      previous.objects = () => {
        throw new HoldfastError('BACKUP_DAMAGED', 'The list is not as it was written.');
      };
      const { inventory } = await stage.take(stage.open({ connection, previous }));
      expect(inventory.bases).toEqual([]);
    });
  });

  test('is not whole without the chunks of its base', async () => {
    const first = await stage.take(stage.open({ connection }));
    const session = stage.open({ connection, previous: previousOf(first) });
    const [name, observed] = [newName(), await session.backup.observe()];
    await session.backup.start(name, new Date());
    await ended(() => session.backup.poll(name));
    await stage.session.backup.remove(first.name);
    await expect(session.backup.inventory(name, observed)).rejects.toMatchObject({
      code: 'BACKUP_INCOMPLETE',
      message: expect.stringContaining(first.name) as string,
    });
  });
});
