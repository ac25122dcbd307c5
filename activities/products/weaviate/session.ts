import type { Store } from '../../stores/store.ts';
import type { DelegatedContext, PreviousBackup } from '../delegated.ts';
import { BackupApi } from './backup-api.ts';
import { WeaviateClient } from './client.ts';
import { connectionSchema, type Connection } from './config.ts';
import { Database } from './database.ts';
import type { Observer } from './observe.ts';

/** A server and everything that is asked of it, as one connection of one attempt. */
export interface Weaviate {
  client: WeaviateClient;
  api: BackupApi;
  database: Database;
  storage: Store;
  connection: Connection;
  previous: PreviousBackup | undefined;
  concurrency: number;
  stallMs: number;
  signal: AbortSignal;
  observer(proof: 'sample' | 'full'): Observer;
}

export function openWeaviate(context: DelegatedContext): Weaviate {
  const { target, storage, previous, concurrency, stallMs, signal } = context;
  const connection = connectionSchema.parse(context.connection);
  const client = new WeaviateClient({
    target,
    connection,
    connections: concurrency + 2,
    stallMs,
    signal,
  });
  const database = new Database(client);
  return {
    client,
    api: new BackupApi(client, connection),
    database,
    storage,
    connection,
    previous,
    concurrency,
    stallMs,
    signal,
    observer: (proof) => ({ client, database, proof, concurrency }),
  };
}
