import { HoldfastError } from '../../failure.ts';
import type { RestoreSink, RestoreStep } from '../product.ts';
import { plainBytes, readContent } from './backup-content.ts';
import { finishBuckets } from './finish-buckets.ts';
import { planBuckets } from './plan-buckets.ts';
import { planServer } from './plan-server.ts';
import { prepareBuckets } from './prepare-buckets.ts';
import { compare } from './proof.ts';
import type { ShardPlace } from '../../pipeline/tsm/compare-files.ts';
import type { InfluxClient } from './client.ts';
import { Resources } from './resources.ts';
import { isWholeServer } from './restore-choice.ts';
import { detailOf, stateSchema, type RestoreState } from './restore-detail.ts';
import { finishServer, prepareServer, undoServer } from './restore-server.ts';
import { downloadShard, uploadShard } from './shard.ts';
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
export function createRestoreSink({ client, tokens, signal }: Destination): RestoreSink {
  const token = (state: Record<string, unknown>) =>
    parsedState(state).buckets ? tokens.operator() : tokens.operatorAfter();
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
      const shard = shardAt(step, state);
      // How long a compressed one becomes, only its end tells.
      const plain = step.lines.every(({ codec }) => codec === 'identity');
      try {
        const bytes = plain ? plainBytes([step]) : undefined;
        await uploadShard(client, await token(state), shard, body(), bytes);
      } catch (error) {
        const bucket = bucketOf(step, state);
        throw bucket
          ? await unlessBucketGone(error, step, bucket.id, resources)
          : await unlessShardGone(error, step, shard, client, tokens);
      }
    },

    leavesOut: ({ key }, state) => leftOut(state).has(Number(key['shard'])),

    // Nobody knows the temporary name of a bucket; a whole server is open to its clients.
    isShared: (state) => parsedState(state).buckets === undefined,

    prove: (step, state, original, spool) => {
      const shard = shardAt(step, state);
      return compare({
        subject: step.subject,
        recorded: step.lines[0]?.entries,
        original,
        restored: async () => {
          const opened = await downloadShard(client, await token(state), shard, 'none');
          return opened === 'gone' ? 'gone' : opened.body;
        },
        place: placeOf(step, state),
        mayGrow: parsedState(state).buckets === undefined,
        spool,
        name: `shard-${shard}`,
        signal,
      });
    },

    finish: async (plan, state) => {
      const detail = detailOf(plan);
      return detail.mode === 'server'
        ? finishServer(detail, parsedState(state), restored, tokens)
        : finishBuckets(detail, stateSchema.parse(state), resources);
    },

    undo: async (plan, keep, known = {}) => {
      const { state } = known;
      const detail = detailOf(plan);
      return detail.mode === 'server'
        ? undoServer(detail, resources, tokens, known)
        : undoBuckets(detail, keep, state && parsedState(state), resources);
    },
  };
}

/** Where a shard goes: into the one that `prepare` made for it, or under its own id. */
function shardAt(step: RestoreStep, state: Record<string, unknown>): number {
  const shard = Number(step.key['shard']);
  if (parsedState(state).buckets === undefined) return shard;
  const mapped = bucketOf(step, state)?.shards[shard];
  if (mapped !== undefined) return mapped;
  throw new HoldfastError('INTERNAL', `No place was made for ${step.subject}.`);
}

/** Of a whole server, where each shard and bucket keeps its number. Plans of other versions may not name the bucket. */
function placeOf({ key }: RestoreStep, state: Record<string, unknown>): ShardPlace | undefined {
  const { bucket } = key;
  if (parsedState(state).buckets || typeof bucket !== 'string') return undefined;
  return { bucket, shard: Number(key['shard']) };
}

/** The bucket that `prepare` made for a shard; undefined when ids are kept. */
function bucketOf(step: RestoreStep, state: Record<string, unknown>) {
  return parsedState(state).buckets?.[String(step.key['bucket'])];
}

/** Thousands of steps share one state, which is as long as their list. */
const parsed = new WeakMap<Record<string, unknown>, RestoreState>();

function parsedState(state: Record<string, unknown>): RestoreState {
  let known = parsed.get(state);
  if (known === undefined) parsed.set(state, (known = stateSchema.parse(state)));
  return known;
}

const skipped = new WeakMap<Record<string, unknown>, Set<number>>();

function leftOut(state: Record<string, unknown>): Set<number> {
  let known = skipped.get(state);
  if (known === undefined) skipped.set(state, (known = new Set(parsedState(state).leftOut?.ids)));
  return known;
}
