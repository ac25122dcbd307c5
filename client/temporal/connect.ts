import { Client, type Connection, type ConnectionOptions } from '@temporalio/client';
import { openConnection } from './open-connection.ts';
import type { Config } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { type TemporalOptions, temporalOptions } from './options.ts';
import { temporalRefusal } from './refusal.ts';

export interface TemporalSession extends TemporalPlace {
  client: Client;
  connection: Connection;
}

/** Enough to ask the server; a worker's native connection will do as well. */
export interface TemporalPlace {
  connection: Pick<Connection, 'workflowService' | 'operatorService'>;
  address: string;
  namespace: string;
}

/** @throws TEMPORAL_UNREACHABLE within five seconds; AUTH_REJECTED, PERMISSION_MISSING */
export async function connectTemporal(settings: Config['temporal']): Promise<TemporalSession> {
  return connectTo(await temporalOptions(settings));
}

/** @throws TEMPORAL_UNREACHABLE within five seconds; AUTH_REJECTED, PERMISSION_MISSING */
export async function connectTo(options: TemporalOptions): Promise<TemporalSession> {
  const { connectionOptions, namespace } = options;
  const { address } = connectionOptions;
  try {
    const connection = await openConnection({
      ...(connectionOptions as ConnectionOptions),
      connectTimeout: '5 seconds',
    });
    const client = new Client({ connection, namespace });
    return { client, connection, address, namespace };
  } catch (cause) {
    throw temporalRefusal(cause, `Temporal at ${address}`) ?? unreachable(address, cause);
  }
}

function unreachable(address: string, cause: unknown): HoldfastError {
  return new HoldfastError('TEMPORAL_UNREACHABLE', `No Temporal server answers at ${address}.`, {
    cause,
  });
}
