import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DelegatedSession } from '../../activities/products/delegated.ts';
import { weaviate as product } from '../../activities/products/weaviate/index.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { freePort } from '../support/free-port.ts';
import { startVersitygw, type Versitygw } from '../support/versitygw.ts';
import { askWeaviate } from '../support/weaviate-data.ts';
import { startWeaviate, type Weaviate } from '../support/weaviate.ts';
import { secret } from './adapter.ts';

let s3: Versitygw;
let weaviate: Weaviate;
let session: DelegatedSession;
const resources = createStoreResources();

beforeAll(async () => {
  s3 = await startVersitygw({ buckets: ['backups'] });
  weaviate = await startWeaviate({ storage: { ...s3, bucket: 'backups' } });
  await askWeaviate(weaviate, 'POST', '/schema', { class: 'Article', vectorizer: 'none' });
  const connection = product.connection.parse({
    url: weaviate.url,
    storage: {
      type: 's3',
      bucket: 'backups',
      region: s3.region,
      endpoint: s3.endpoint,
      credentials: {
        accessKeyId: { env: secret(s3.accessKeyId) },
        secretAccessKey: { env: secret(s3.secretAccessKey) },
      },
    },
  });
  session = product.connect({
    target: 'articles',
    connection,
    storage: openStore(product.storage(connection), resources),
    concurrency: 4,
    stallMs: 60_000,
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await session?.close();
  await resources.close();
  await weaviate?.stop();
  await s3?.stop();
});

async function restartWith(env: Record<string, string>): Promise<void> {
  await weaviate.node.server.stop();
  await weaviate.node.start(env);
}

const begin = (name: string) => session.backup.start(name, new Date());

describe('a real Weaviate whose own storage is set up wrongly', () => {
  test('is told by its bucket before anything begins', async () => {
    await restartWith({ BACKUP_S3_BUCKET: 'nowhere' });
    await expect(session.preflight('backup')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('bucket "nowhere"'),
    });
    await expect(begin('no-bucket')).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('bucket does not exist'),
    });
  });

  test('is refused at once when nobody knows its key', async () => {
    await restartWith({ AWS_ACCESS_KEY_ID: 'nobody' });
    await expect(begin('no-key')).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('may not use its own backup storage'),
    });
  });

  test('is asked again while its secret is wrong, and says what it got', async () => {
    await restartWith({ AWS_SECRET_ACCESS_KEY: 'wrong' });
    await expect(begin('no-secret')).rejects.toMatchObject({
      code: 'TARGET_ERROR',
      message: expect.stringContaining('signature'),
    });
  });

  test('is asked again while its endpoint leads nowhere, and says so', async () => {
    await restartWith({ BACKUP_S3_ENDPOINT: `127.0.0.1:${await freePort()}` });
    await expect(begin('no-endpoint')).rejects.toMatchObject({
      code: 'TARGET_ERROR',
      message: expect.stringContaining('connection refused'),
    });
  });
});
