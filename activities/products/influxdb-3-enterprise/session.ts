import type { Store } from '../../stores/store.ts';
import type { EnterpriseClient } from './client.ts';
import type { Connection } from './config.ts';

/** What every step works with. */
export interface Session {
  target: string;
  connection: Connection;
  client: EnterpriseClient;
  /** The object store of the cluster. */
  storage: Store;
  /** Queries at a time. */
  concurrency: number;
  /** How long something is waited for that a healthy cluster shows soon. */
  patienceMs: number;
}
