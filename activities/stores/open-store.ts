import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { DirectoryStore } from './directory/directory-store.ts';
import type { StoreResources } from './resources.ts';
import { S3Store } from './s3/s3-store.ts';
import type { Store } from './store.ts';

/**
 * Opens a store without touching it: the first call is the first request. Stores of one worker share its resources.
 * @throws CONFIG_INVALID when part size and object size do not fit each other
 */
export function openStore(settings: StoreSettings, resources: StoreResources): Store {
  return settings.type === 's3'
    ? new S3Store(settings, resources)
    : new DirectoryStore(settings, resources);
}

/** The same for a place that a database writes to as well, and that is to read what is put there. */
export function openForeign(settings: StoreSettings, resources: StoreResources): Store {
  return settings.type === 's3'
    ? new S3Store(settings, resources)
    : new DirectoryStore(settings, resources, { guest: true });
}
