import { createStoreResources } from '../../activities/stores/resources.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeCopying } from './conformance-copying.ts';
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

describeCopying('a directory', async () => {
  const folders = await Promise.all(['source', 'store', 'elsewhere'].map(temporaryFolder));
  const resources = createStoreResources();
  const [source, store, elsewhere] = folders.map(({ path }) =>
    openStore({ name: 'disk', type: 'directory', path }, resources),
  );
  return {
    source: source!,
    store: store!,
    elsewhere: elsewhere!,
    copies: false,
    wholeBytes: 1024 * 1024,
    async close() {
      await resources.close();
      for (const folder of folders) await folder.remove();
    },
  };
});
