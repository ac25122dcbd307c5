import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeObjects } from '../support/weaviate-data.ts';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { follow, missing, newAgeKey } from './recovery-page.ts';
import {
  API_KEY,
  BUCKET,
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

const without = missing('age', 'age-keygen', 'aws');

describe.skipIf(without !== undefined)('docs/recovery-without-holdfast.md, for Weaviate', () => {
  let folder: TemporaryFolder;
  let world: WeaviateWorld;

  beforeAll(async () => {
    folder = await temporaryFolder('recovery');
    const recipient = newAgeKey(join(folder.path, 'age-key'));
    world = await startWeaviateWorld({
      connection: { incremental: {} },
      target: { encryption: { recipients: [recipient] } },
      // Only files that make a chunk of their own are left to the base.
      env: { BACKUP_MIN_CHUNK_SIZE: '16KiB', BACKUP_CHUNK_TARGET_SIZE: '64KiB' },
      // Below what the objects take, so that some become several.
      store: { maxObjectSize: '16KiB' },
    });
    await seedWeaviate(world.weaviate, { objects: 1_000, dimensions: 64 });
  });
  afterAll(async () => {
    await world?.stop();
    await folder?.remove();
  });

  const aws = (server: WeaviateWorld['own']) => ({
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_REGION: server.region,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  });

  /** Backs up, and mends what a copy has lost, under the names of second attempts. */
  async function takeAndMend(from: number, options: object): Promise<string> {
    const { weaviate, holdfast, store } = world;
    await writeObjects(weaviate, articles(from, { objects: 100, dimensions: 64 }));
    const { backup } = await holdfast.run('backup', { target: 'articles', ...options });
    await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
    const url = `s3://${BUCKET}/articles/${backup}/data/${backup}/backup_config.json.age`;
    execFileSync('aws', ['s3', 'cp', '--quiet', '-', url], {
      env: { ...process.env, ...aws(store) },
      input: 'damaged',
    });
    await holdfast.run('copy', { target: 'articles', backup });
    expect(await world.kept(backup)).toContain(`data/${backup}/backup_config~2.json.age`);
    return backup;
  }

  test.each(['stage-weaviate-s3', 'stage-weaviate-directory'])(
    'brings a chain back with %s, from objects that are encrypted, split, mended and of two backups',
    async (stage) => {
      const { weaviate, own, store } = world;
      const first = stage.endsWith('s3') ? 5_000 : 6_000;
      const base = await takeAndMend(first, { full: true });
      const backup = await takeAndMend(first + 100, {});
      expect((await world.manifest(backup)).delegated?.bases).toMatchObject([{ backup: base }]);
      const before = await contentsOf(weaviate);
      expect((await world.kept(base)).some((file) => file.endsWith('.age.001'))).toBe(true);
      const place = join(own.folder, OWN_BUCKET, OWN_PATH);
      await dropClasses(weaviate);
      await rm(place, { recursive: true });

      const env = {
        PATH: String(process.env['PATH']),
        HOME: folder.path,
        RECOVERY: join(folder.path, stage),
        BACKUP_URL: `s3://holdfast/articles/${backup}`,
        IDENTITY: join(folder.path, 'age-key'),
        WEAVIATE_URL: weaviate.url,
        WEAVIATE_KEY: API_KEY,
        WEAVIATE_BACKEND: 's3',
        WEAVIATE_BACKUPS: stage.endsWith('s3') ? `s3://${OWN_BUCKET}/${OWN_PATH}` : place,
      };
      await follow(
        ['fetch-s3', 'fetch-named-s3', 'check', 'leave-out', 'decrypt', 'join', 'rename'],
        { ...env, ...aws(store) },
      );
      await follow([stage, 'restore-weaviate'], { ...env, ...aws(own) });
      expect(await contentsOf(weaviate)).toEqual(before);
    },
  );
});
