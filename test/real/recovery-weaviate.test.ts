import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { follow, missing, newAgeKey } from './recovery-page.ts';
import {
  API_KEY,
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
      target: { encryption: { recipients: [recipient] } },
      // Below what the objects take, so that some become several.
      store: { maxObjectSize: '16KiB' },
    });
    await seedWeaviate(world.weaviate, { objects: 500, dimensions: 64 });
  });
  afterAll(async () => {
    await world?.stop();
    await folder?.remove();
  });

  test.each(['stage-weaviate-s3', 'stage-weaviate-directory'])(
    'brings everything back with %s, from objects that are encrypted and split',
    async (stage) => {
      const { weaviate, holdfast, own, store } = world;
      const before = await contentsOf(weaviate);
      const { backup } = await holdfast.run('backup', { target: 'articles' });
      await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
      const kept = await world.kept(backup);
      expect(kept.some((file) => file.endsWith('.age.001'))).toBe(true);
      const place = join(own.folder, OWN_BUCKET, OWN_PATH);
      await dropClasses(weaviate);
      await rm(place, { recursive: true });

      const aws = (server: typeof own) => ({
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_REGION: server.region,
        AWS_ACCESS_KEY_ID: server.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      });
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
      await follow(['fetch-s3', 'check', 'decrypt', 'join'], { ...env, ...aws(store) });
      await follow([stage, 'restore-weaviate'], { ...env, ...aws(own) });
      expect(await contentsOf(weaviate)).toEqual(before);
    },
  );
});
