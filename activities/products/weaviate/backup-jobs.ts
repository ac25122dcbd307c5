import { abortForeignUploadsBelow } from '../../catalog/remove-below.ts';
import type { BackupJobs } from '../delegated.ts';
import { observationSchema } from './census.ts';
import { isClaimed, unclaim } from './claim.ts';
import { untilWritten } from './durable.ts';
import { report } from './job-status.ts';
import { observe } from './observe.ts';
import { OrphanWatch } from './orphan-watch.ts';
import { requireClasses } from './selection.ts';
import type { Weaviate } from './session.ts';
import { startBackup } from './start-backup.ts';
import { takeInventory } from './take-inventory.ts';

/** Keys that are removed in one call. */
const REMOVED_AT_ONCE = 1_000;

export function createBackupJobs(weaviate: Weaviate): BackupJobs {
  const { api, database, storage, connection, client, signal } = weaviate;
  const orphans = new OrphanWatch(storage, weaviate);
  return {
    observe: async () => {
      const classes = await database.classes();
      const chosen = new Set(requireClasses(classes, connection, client.server));
      return observe(
        weaviate.observer(connection.proof),
        classes.filter(({ name }) => chosen.has(name)),
      );
    },

    start: (name, since) => startBackup(weaviate, name, since),

    isOurs: async (name, since) =>
      !(await api.status(name)) || isClaimed(storage, name, since, signal),

    poll: async (name) => {
      const told = report(await api.status(name));
      if (told.state !== 'running' || !(await orphans.isOrphan(name))) return told;
      return { state: 'failed', words: `${told.words}, though every node has finished long ago` };
    },

    // The server looks at its nodes after 2 s and then every 10 s; before, nothing can have ended.
    pauseMs: (elapsedMs) => (elapsedMs < 2_000 ? 2_000 : elapsedMs < 60_000 ? 5_000 : 10_000),

    prefix: (name) => `${name}/`,

    inventory: (name, observed) => takeInventory(weaviate, name, observationSchema.parse(observed)),

    cancel: (name) => api.cancel(name),

    remove: async (name) => {
      await untilWritten(api, storage, name, signal);
      // A server that stops, or dies, leaves the parts of the chunks that it was writing.
      await abortForeignUploadsBelow(storage, `${name}/`, signal);
      let keys: string[] = [];
      for await (const { key } of storage.list(`${name}/`, { signal })) {
        keys.push(key);
        if (keys.length < REMOVED_AT_ONCE) continue;
        await storage.remove(keys, { signal });
        keys = [];
      }
      await storage.remove(keys, { signal });
      // Last, for it says whose the rest is.
      await unclaim(storage, name, signal);
    },
  };
}
