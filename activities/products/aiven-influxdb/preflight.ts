import type { Preflight } from '../../../workflows/contract/activities.ts';
import { backupAddress } from './backup-address.ts';
import type { AivenClient } from './client.ts';
import { identityOf, type Connection } from './config.ts';
import { requireRunning } from './running.ts';

/** The API takes the token, the service is there and runs, and it tells where its backups are. */
export async function preflight(client: AivenClient, connection: Connection): Promise<Preflight> {
  const service = await client.service();
  requireRunning(service, client.server);
  await backupAddress(service, connection, client.server);
  const version = service.user_config?.['influxdb_version'];
  return {
    version: typeof version === 'string' ? version : 'unknown',
    identity: identityOf(connection),
    warnings: [],
  };
}
