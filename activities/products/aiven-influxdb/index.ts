import type { ProductContext, ProductSession, StreamedProduct } from '../product.ts';
import { createBackupSource } from './backup-source.ts';
import { AivenClient, serverName } from './client.ts';
import { connectionSchema, identityOf } from './config.ts';
import { givenUp } from './given-up.ts';
import { preflight } from './preflight.ts';
import { createRestoreSink } from './restore-sink.ts';

/** Aiven for InfluxDB, which its vendor ended on 30 April 2025. README.md beside this file says how it is backed up. */
export const aivenInfluxdb: StreamedProduct = {
  name: 'aiven-influxdb',
  kind: 'streamed',
  honours: ['full'],
  // Every backup of the vendor is a full one, and most shards never change any more.
  namesEarlier: true,
  connection: connectionSchema,
  // A service has one place for a backup, and each request replaces what is there.
  locks: (connection) => [identityOf(connectionSchema.parse(connection))],
  connect,
  // The manifest is the vendor's, and knows nothing of further attempts.
  toolName: (name) => name.replace(/~\d+(?=\.)/, ''),
  givenUp: ({ connection, notes }) =>
    givenUp(serverName(connectionSchema.parse(connection)), notes),
};

function connect(context: ProductContext): ProductSession {
  const connection = connectionSchema.parse(context.connection);
  const client = new AivenClient(connection, context);
  return {
    preflight: () => preflight(client, connection),
    backup: createBackupSource({ client, connection, context }),
    restore: createRestoreSink(context.target),
    close: () => client.close(),
  };
}
