import { createStoreResources } from '../../activities/stores/resources.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './conformance.ts';

describeStore('a directory', async () => {
  const folder = await temporaryFolder('store');
  const resources = createStoreResources();
  const reopen = () => openStore({ name: 'disk', type: 'directory', path: folder.path }, resources);
  return {
    store: reopen(),
    manyParts: 4 * 256 * 1024,
    reopen,
    async close() {
      await resources.close();
      await folder.remove();
    },
  };
});
