import { HoldfastError } from '../../failure.ts';
import type { DatabaseLeftovers } from '../product.ts';
import { quoted, type InfluxV1Client } from './client.ts';
import { perhapsWrittenByClients } from './client-writes.ts';
import { databaseNames, dropDatabase, policyNames } from './databases.ts';
import { marker } from './restore-detail.ts';

/** As `marker` names the retention policy of a database until it is proven. */
const UNDER_WAY = /^restoring-([0-9a-f]{8})$/;

/** Databases that a restore was filling when it was terminated. Those kept on purpose bear another mark. */
export function markedDatabases(client: InfluxV1Client): DatabaseLeftovers {
  return {
    find: async () => {
      const names = await databaseNames(client);
      if (names.length === 0) return [];
      const policies = await client.query(
        names.map((name) => `SHOW RETENTION POLICIES ON ${quoted(name)}`),
        'listing retention policies',
      );
      return names.flatMap((database, at) =>
        (policies[at] ?? []).flatMap(({ name: policy }) => {
          const run = typeof policy === 'string' ? UNDER_WAY.exec(policy)?.[1] : undefined;
          if (run === undefined) return [];
          return [{ id: database, name: `${database} (marked ${marker(run)})`, run }];
        }),
      );
    },

    remove: async ({ id, run }, begun) => {
      const policies = await policyNames(client, id);
      if (!policies?.includes(marker(run))) return;
      const written = await perhapsWrittenByClients(id, begun, client);
      if (written !== undefined) {
        throw new HoldfastError(
          'DESTINATION_CHANGED',
          `Database ${id} at ${client.server} is what restore ${run} left unproven, and ${written}, so it stays. Look at it, and drop it yourself.`,
        );
      }
      await dropDatabase(client, id);
    },
  };
}
