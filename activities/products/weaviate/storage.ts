import type { StoreSettings } from '../../../workflows/contract/snapshot.ts';
import { connectionSchema } from './config.ts';

/** Where the server writes its backups, as the workers reach it. */
export function storageOf(connection: Record<string, unknown>): StoreSettings {
  const { url, storage } = connectionSchema.parse(connection);
  return { ...storage, name: `backups of ${url.replace(/\/$/, '')}` };
}
