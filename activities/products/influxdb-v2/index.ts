import type { ProductContext, ProductSession, StreamedProduct } from '../product.ts';
import { createBackupSource } from './backup-source.ts';
import { InfluxClient } from './client.ts';
import { connectionSchema, unfiltered } from './config.ts';
import { openBackupDirectory } from './import-directory.ts';
import { serverLeftovers } from './leftovers.ts';
import { preflight } from './preflight.ts';
import { Resources } from './resources.ts';
import { createRestoreSink } from './restore-sink.ts';
import { Tokens } from './tokens.ts';

/** InfluxDB OSS v2, from 2.5 on. README.md beside this file says what it backs up and how. */
export const influxdbV2: StreamedProduct = {
  name: 'influxdb-v2',
  kind: 'streamed',
  connection: connectionSchema,
  unfiltered,
  connect,
  openDirectory: openBackupDirectory,
};

/** Beside the streams: a proof reads while a restore writes, and small requests wait for neither. */
const SPARE_CONNECTIONS = 4;

function connect(context: ProductContext): ProductSession {
  const connection = connectionSchema.parse(context.connection);
  const client = new InfluxClient({
    url: connection.url,
    ca: connection.ca,
    connections: context.concurrency * 2 + SPARE_CONNECTIONS,
    stallMs: context.stallMs,
    signal: context.signal,
  });
  const source = context.source && {
    target: context.source.target,
    token: connectionSchema.parse(context.source.connection).token,
  };
  const tokens = new Tokens(client, { target: context.target, connection, source });
  return {
    preflight: (purpose) =>
      preflight(
        client,
        purpose === 'backup' ? () => tokens.current() : () => tokens.operator(),
        purpose,
        connection.select,
      ),
    backup: createBackupSource({ client, connection, token: () => tokens.current() }),
    restore: createRestoreSink({ client, tokens, signal: context.signal }),
    // A restore of the whole server may have replaced the token that is configured.
    leftovers: serverLeftovers(new Resources(client, () => tokens.operator())),
    close: () => client.close(),
  };
}
