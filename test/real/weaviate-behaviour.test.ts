import { describeBehaviour } from '../simulators/weaviate/behaviour.ts';
import { startVersitygw } from '../support/versitygw.ts';
import { startWeaviate } from '../support/weaviate.ts';

describeBehaviour('weaviate-server', async () => {
  const storage = await startVersitygw({ buckets: ['backups'] });
  const weaviate = await startWeaviate({ storage: { ...storage, bucket: 'backups' } });
  return {
    url: weaviate.url,
    async [Symbol.asyncDispose]() {
      await weaviate.stop();
      await storage.stop();
    },
  };
});
