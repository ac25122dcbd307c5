import { HoldfastError } from '../../failure.ts';
import type { RestoreSink, RestoreStep } from '../product.ts';
import type { InfluxV1Client } from './client.ts';
import { finishRestore, undoRestore } from './finish-restore.ts';
import { planRestore } from './plan-restore.ts';
import { prepareRestore } from './prepare-restore.ts';
import { proveShard } from './prove-shard.ts';
import { renameEntries } from './rename-entries.ts';
import { detailOf, stateOf } from './restore-detail.ts';
import { uploadShard } from './snapshot-protocol.ts';
import { unlessDatabaseGone } from './unless-database-gone.ts';

/** Restores databases of a portable backup beside those that are there. */
export function createRestoreSink(client: InfluxV1Client): RestoreSink {
  return {
    plan: (request) => planRestore(client, request),

    prepare: async (plan, backup, takesAway) => ({
      ...(await prepareRestore(detailOf(plan), backup, client, takesAway)),
    }),

    apply: async (step, state, body) => {
      const shard = shardAt(step, state);
      const { database, policy } = step.key;
      const tar = renameEntries(body(), `${database}/${policy}/${shard}`);
      try {
        await uploadShard(client.snapshots, shard, tar);
      } catch (error) {
        throw await unlessDatabaseGone(error, step, stateOf(state).run, client);
      }
    },

    // The databases bear their final names from the beginning.
    isShared: () => true,

    prove: (step, state, original, spool) =>
      proveShard(client, {
        subject: step.subject,
        shard: shardAt(step, state),
        span: {
          database: String(step.key['database']),
          policy: String(step.key['policy']),
          start: String(step.key['start']),
          end: String(step.key['end']),
        },
        recorded: step.lines[0]?.entries,
        original,
        spool,
      }),

    finish: (plan) => finishRestore(detailOf(plan), client),

    undo: (plan, keep, { state } = {}) =>
      undoRestore(detailOf(plan), keep, state !== undefined, client),
  };
}

/** Where a shard goes: into the one that `prepare` made for it. */
function shardAt(step: RestoreStep, state: Record<string, unknown>): number {
  const id = stateOf(state).shards[String(step.key['shard'])];
  if (id !== undefined) return id;
  throw new HoldfastError('INTERNAL', `No place was made for ${step.subject}.`);
}
