import type { Secret } from '../../secrets.ts';
import type { Proof, RestoreSink, RestoreStep } from '../product.ts';
import { plainBytes, readContent } from './backup-content.ts';
import { finishBuckets } from './finish-buckets.ts';
import { planBuckets } from './plan-buckets.ts';
import { planServer } from './plan-server.ts';
import { prepareBuckets } from './prepare-buckets.ts';
import { compare } from './proof.ts';
import type { InfluxClient } from './client.ts';
import { Resources } from './resources.ts';
import { isWholeServer } from './restore-choice.ts';
import { detailOf } from './restore-detail.ts';
import { finishServer, prepareServer, undoServer } from './restore-server.ts';
import { downloadShard, uploadShard } from './shard.ts';
import { bucketOf, folderOf, placesOf, shardAt, type ShardPlaces } from './shard-places.ts';
import type { Tokens } from './tokens.ts';
import { undoBuckets } from './undo-buckets.ts';
import { unlessBucketGone } from './unless-bucket-gone.ts';
import { unlessShardGone } from './unless-shard-gone.ts';

interface Destination {
  client: InfluxClient;
  tokens: Tokens;
  signal: AbortSignal;
}

/**
 * Restores the whole server, or buckets of it. A request without `select`, `rename` and `onConflict` means the whole
 * server; any of them means buckets, which come into being under names of the run and get their own when all is proven.
 */
export function createRestoreSink(there: Destination): RestoreSink {
  const { client, tokens } = there;
  const resources = new Resources(client, () => tokens.operator());
  const restored = new Resources(client, () => tokens.operatorAfter());
  return {
    plan: async ({ backup, restore, destination, run }) => {
      const content = await readContent(backup);
      return isWholeServer(restore)
        ? planServer({ content, reader: backup, destination, run, resources, tokens })
        : planBuckets({ content, backup: backup.manifest, restore, destination, run, resources });
    },

    prepare: async (plan, backup, takesAway) => {
      const detail = detailOf(plan);
      return detail.mode === 'server'
        ? prepareServer(detail, backup, resources, tokens, takesAway)
        : prepareBuckets(detail, backup, resources, tokens, takesAway);
    },

    apply: async (step, state, body) => {
      const places = placesOf(state);
      const shard = shardAt(step, places);
      try {
        await uploadShard(client, await tokenFor(places, tokens), shard, body(), lengthOf(step));
      } catch (error) {
        const bucket = bucketOf(step, places);
        throw bucket
          ? await unlessBucketGone(error, step, bucket.id, resources)
          : await unlessShardGone(error, step, shard, client, tokens);
      }
    },

    leavesOut: ({ key }, state) => placesOf(state).leftOutIds.has(Number(key['shard'])),

    // Nobody knows the temporary name of a bucket; a whole server is open to its clients.
    isShared: (state) => placesOf(state).buckets === undefined,

    prove: (step, state, original, spool) =>
      prove(there, step, placesOf(state), { original, spool }),

    finish: async (plan, state) => {
      const detail = detailOf(plan);
      return detail.mode === 'server'
        ? finishServer(detail, placesOf(state), restored, tokens)
        : finishBuckets(detail, placesOf(state), resources);
    },

    undo: async (plan, keep, known = {}) => {
      const { state } = known;
      const detail = detailOf(plan);
      return detail.mode === 'server'
        ? undoServer(detail, resources, tokens, known)
        : undoBuckets(detail, keep, state && placesOf(state), resources);
    },
  };
}

/** Of the upload; how long a compressed one becomes, only its end tells. */
function lengthOf(step: RestoreStep): number | undefined {
  return step.lines.every(({ codec }) => codec === 'identity') ? plainBytes([step]) : undefined;
}

function prove(
  { client, tokens, signal }: Destination,
  step: RestoreStep,
  places: ShardPlaces,
  { original, spool }: { original: () => AsyncIterable<Uint8Array>; spool: string },
): Promise<Proof> {
  const shard = shardAt(step, places);
  return compare({
    subject: step.subject,
    recorded: step.lines[0]?.entries,
    original,
    restored: async () => {
      const opened = await downloadShard(client, await tokenFor(places, tokens), shard, 'none');
      return opened === 'gone' ? 'gone' : opened.body;
    },
    place: folderOf(step, places),
    mayGrow: places.buckets === undefined,
    spool,
    name: `shard-${shard}`,
    signal,
  });
}

/** The metadata of a whole server bring their own tokens. */
function tokenFor({ buckets }: ShardPlaces, tokens: Tokens): Promise<Secret> {
  return buckets ? tokens.operator() : tokens.operatorAfter();
}
