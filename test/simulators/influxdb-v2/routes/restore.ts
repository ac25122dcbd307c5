import { demandOperator, sees } from '../access.ts';
import { isSqlite } from '../bytes/sqlite.ts';
import { type Exchange, readJson, Refusal, send, sendJson } from '../exchange.ts';
import { heldBack } from '../faulty-stream.ts';
import { parseRfc3339 } from '../go-json.ts';
import { reap } from '../retention.ts';
import { hashOf } from '../state.ts';
import { storeUpload } from '../store-upload.ts';
import { type ListedBucket, type ListedGroup, unpackMetadata } from '../stored-metadata.ts';
import { strikes } from '../switches.ts';
import { GzipPanic, uploaded } from '../upload.ts';
import { peoplesBuckets, writeLater } from '../clients.ts';
import { demandNewBucket } from './buckets.ts';

export async function restoreBucketMetadata(exchange: Exchange): Promise<void> {
  const { state, switches, caller } = exchange;
  const listed = await readJson<ListedBucket>(exchange.request);
  const { organizationID: orgID = '', bucketName = '', retentionPolicies = [] } = listed;
  if (!sees(exchange, orgID)) {
    throw new Refusal('unauthorized', `write:orgs/${orgID}/buckets is unauthorized`);
  }
  demandNewBucket(exchange, orgID, bucketName);
  if (!caller?.operator) demandOperator(exchange);
  const [policy] = retentionPolicies;
  if (!policy || retentionPolicies.length !== 1) {
    const count = `attempting to restore ${retentionPolicies.length} retention policies`;
    throw new Refusal('internal error', `bucket must have 1 retention policy; ${count}`);
  }
  const bucket = state.addBucket(
    orgID,
    bucketName,
    policy.duration / 1e9,
    policy.shardGroupDuration / 1e9,
    listed.description,
  );
  const shardMappings = policy.shardGroups.flatMap((group) => {
    const created = state.addGroup(bucket, seconds(group.startTime), seconds(group.endTime), {
      deletedAt: group.deletedAt,
      shards: group.shards.length,
    });
    return group.shards.map(({ id }, i) => ({ oldId: id, newId: created.shards[i] }));
  });
  if (strikes(switches, 'retentionReaper')) await reap(state);
  if (strikes(switches, 'bucketAnswerLost')) return void exchange.response.socket?.destroy();
  // The order of the mappings means nothing, so it is never that of the request.
  sendJson(exchange, 201, {
    id: bucket.id,
    name: bucketName,
    shardMappings: shardMappings.toReversed(),
  });
}

function seconds(time: ListedGroup['startTime']): number {
  return Number(parseRfc3339(time) / 1_000_000_000n);
}

export async function restoreKv(exchange: Exchange): Promise<void> {
  demandOperator(exchange);
  const { state, switches, profile } = exchange;
  const restored = unpackMetadata(await uploaded(exchange));
  if (strikes(switches, 'kvRefused')) throw new Error('the metadata were refused');
  for (const shard of state.shards.values()) await shard.clear();
  state.shards.clear();
  // A server that hashes tokens hashes those that it is given.
  for (const one of restored.authorisations) {
    if (!profile.hashedTokens || one.token === undefined) continue;
    one.hashedToken = hashOf(one.token);
    delete one.token;
  }
  state.metadata = restored;
  for (const bucket of restored.buckets) {
    for (const group of bucket.groups) {
      if (group.deletedAt !== undefined) continue;
      if (group.shards.some((id) => strikes(switches, 'shardUnopened', id))) {
        throw new Error('not attempting to open a shard whose opening failed before');
      }
      state.openShards(bucket, group);
    }
  }
  // In another order than they got theirs, so that none gets back the number that it had.
  if (strikes(switches, 'kvWrittenTo'))
    peoplesBuckets(state)
      .toReversed()
      .forEach((bucket) => writeLater(state, bucket));
  if (strikes(switches, 'kvAnswerLost')) return void exchange.response.socket?.destroy();
  const operator = restored.authorisations.find((authorisation) => authorisation.operator);
  if (!operator || strikes(switches, 'kvWithoutOperator')) throw new Error('no operator token');
  const token = profile.hashedTokens ? '' : (operator.token ?? '');
  sendJson(exchange, 200, { token });
}

export async function restoreSql(exchange: Exchange): Promise<void> {
  demandOperator(exchange);
  if (!isSqlite(await uploaded(exchange))) throw new Error('not a sqlite file');
  exchange.state.queuesMissing = true;
  if (strikes(exchange.switches, 'retentionReaper')) await reap(exchange.state);
  send(exchange.response, 200, Buffer.alloc(0));
}

export async function restoreShard(exchange: Exchange): Promise<void> {
  demandOperator(exchange);
  const { state, switches, parts, profile, response } = exchange;
  if (strikes(switches, 'retentionReaper')) await reap(state);
  const shard = state.shards.get(Number(parts[0]));
  if (!shard) throw new Error(`shard ${parts[0]} doesn't exist on this server`);
  try {
    await storeUpload(exchange, shard);
  } catch (error) {
    if (error instanceof GzipPanic || !profile.hidesFailedRestore) throw error;
  }
  if (strikes(switches, 'compactAfterRestore', shard.id)) await shard.compact();
  await heldBack(() => switches.restoreAnswerMs, response);
  send(response, 200, Buffer.alloc(0));
}
