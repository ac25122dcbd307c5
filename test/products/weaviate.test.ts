import { randomUUID } from 'node:crypto';
import { directoryStorage, startWeaviateSimulator } from '../simulators/weaviate/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeDelegatedProduct } from './delegated-conformance.ts';
import { CALLS, weaviateUnderTest } from './weaviate.ts';

describeDelegatedProduct(
  'weaviate, simulated',
  weaviateUnderTest(async ({ apiKey }) => {
    const folder = await temporaryFolder('weaviate-storage');
    const weakKey = `weak-${randomUUID()}`;
    const simulator = await startWeaviateSimulator({
      storage: directoryStorage(folder.path, 's3'),
      speed: 500,
      accounts: [
        { name: 'root', key: apiKey, root: true },
        { name: 'nobody', key: weakKey },
      ],
    });
    const { switches } = simulator;
    return {
      address: { url: simulator.url, apiKey },
      weakKey,
      storage: { type: 'directory', path: folder.path },
      faults: {
        loseAnswer: (call) => void (switches.answerLost = { at: [CALLS[call]], times: 1 }),
        loseRequest: (call) => void (switches.connectionLost = { at: [CALLS[call]], times: 1 }),
        holdJobs: () => void Object.assign(switches, { backupHangs: true, restoreHangs: true }),
        release: () => void Object.assign(switches, { backupHangs: false, restoreHangs: false }),
        failBackup: () => void (switches.backupFails = 1),
        failRestore: () => void (switches.restoreFails = 1),
        spoilRestore: () => void (switches.restoreLosesObjects = 1),
        unavailable: (now) => void (switches.unavailable = now),
      },
      async [Symbol.asyncDispose]() {
        await simulator.stop();
        await folder.remove();
      },
    };
  }),
);
