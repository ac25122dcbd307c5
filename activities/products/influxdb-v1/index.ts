import { HoldfastError } from '../../failure.ts';
import type { ProductContext, ProductSession, StreamedProduct } from '../product.ts';
import { InfluxV1Client } from './client.ts';
import { connectionSchema } from './config.ts';
import { markedDatabases } from './leftovers.ts';
import { preflight } from './preflight.ts';
import { createRestoreSink } from './restore-sink.ts';

/** InfluxDB 1, from 1.5 on, as a destination of portable backups. README.md beside this file says how. */
export const influxdbV1: StreamedProduct = {
  name: 'influxdb-v1',
  kind: 'streamed',
  takes: ['aiven-influxdb'],
  restoreOnly: true,
  connection: connectionSchema,
  connect,
};

/** Beside the counts of each stream. */
const SPARE_CONNECTIONS = 2;

function connect(context: ProductContext): ProductSession {
  const connection = connectionSchema.parse(context.connection);
  const client = new InfluxV1Client(connection, context, context.concurrency + SPARE_CONNECTIONS);
  const refuse = () =>
    Promise.reject(
      new HoldfastError(
        'CONFIG_INVALID',
        `Target ${context.target} is influxdb-v1, which is restored into and not backed up.`,
      ),
    );
  return {
    preflight: () => preflight(client),
    backup: { capture: refuse, open: refuse, conclude: refuse },
    restore: createRestoreSink(client),
    leftovers: markedDatabases(client),
    close: () => client.close(),
  };
}
