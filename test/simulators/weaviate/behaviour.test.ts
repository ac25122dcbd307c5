import { temporaryFolder } from '../../support/temporary-folder.ts';
import { describeBehaviour } from './behaviour.ts';
import { directoryStorage, startWeaviateSimulator } from './index.ts';

describeBehaviour('the simulated server', async () => {
  const folder = await temporaryFolder('weaviate-simulator');
  const simulator = await startWeaviateSimulator({ storage: directoryStorage(folder.path, 's3') });
  return {
    url: simulator.url,
    async [Symbol.asyncDispose]() {
      await simulator.stop();
      await folder.remove();
    },
  };
});
