import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { Config } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { temporalOptions } from './options.ts';

export interface TemporalSession {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
}

/** @throws TEMPORAL_UNREACHABLE within ten seconds */
export async function connectTemporal(settings: Config['temporal']): Promise<TemporalSession> {
  const { connectionOptions, namespace } = await temporalOptions(settings);
  const { address } = connectionOptions;
  try {
    const connection = await Connection.connect({
      ...(connectionOptions as ConnectionOptions),
      connectTimeout: '10 seconds',
    });
    const client = new Client({ connection, namespace });
    return { client, connection, address, namespace };
  } catch (cause) {
    throw unreachable(address, cause);
  }
}

export function unreachable(address: string, cause: unknown): HoldfastError {
  return new HoldfastError('TEMPORAL_UNREACHABLE', `No Temporal server answers at ${address}.`, {
    cause,
  });
}
