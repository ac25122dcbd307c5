import { expect, test } from 'vitest';
import { startS3Simulator } from '../s3/server.ts';
import { s3Storage } from './index.ts';
import { stage } from './stage.ts';

test('a bucket takes backups in its folder, or in the place that a request names', async () => {
  const s3 = await startS3Simulator({ bucket: 'weaviate' });
  const storage = s3Storage({
    endpoint: s3.url,
    bucket: 'weaviate',
    path: 'cluster-a',
    accessKeyId: 'a-key',
    secretAccessKey: 'a-secret',
  });
  {
    await using one = await stage({ storage });
    const answer = await one.create('one');
    expect(answer.json()).toMatchObject({ path: 's3://weaviate/cluster-a/one' });
    expect((await one.ended('one')).status).toBe('SUCCESS');
    await one.create('two', { config: { Path: 'elsewhere' } });
    const there = `${one.backups}/two?path=elsewhere`;
    await one.until(there, ({ completedAt }) => completedAt?.startsWith('0001') === false);
    expect((await one.call('GET', `${one.backups}/two`)).status).toBe(404);
    expect(await storage.place().list('')).toContain('one/node1/Article/chunk-1');
    expect(await storage.place('', 'elsewhere').list('')).toContain('two/node1/Article/chunk-1');
    await one.ask('DELETE', '/schema/Article');
    await one.restore('two', { include: ['Article'], config: { Path: 'elsewhere' } });
    const restored = `${one.backups}/two/restore?path=elsewhere`;
    await one.until(restored, ({ status }) => status === 'SUCCESS');
    expect(one.simulator.cluster.collection('Article')?.count()).toBe(100);
  }
  await s3.close();
});
