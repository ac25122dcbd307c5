import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { BackupReader } from '../product.ts';
import { readContent } from './backup-content.ts';
import { shardsOf, type Bucket } from './buckets.ts';
import { refusal } from './failures.ts';
import { print } from './lossless-json.ts';
import { withoutFiles } from './official-manifest.ts';
import type { Resources } from './resources.ts';
import {
  createdBy,
  type PlannedBucket,
  type RestoreState,
  type SomeBuckets,
} from './restore-detail.ts';
import type { Tokens } from './tokens.ts';

const createdSchema = z.object({
  id: z.string(),
  shardMappings: z
    .array(z.object({ oldId: z.number(), newId: z.number() }))
    .nullish()
    .transform((mappings) => mappings ?? []),
});

/**
 * Creates each bucket empty, with its shards, under a name of this run. A bucket of that name is what an earlier
 * attempt left; nobody knows its shards any more, so it is made anew.
 */
export async function prepareBuckets(
  plan: SomeBuckets,
  backup: BackupReader,
  resources: Resources,
  tokens: Tokens,
  takesAway?: () => Promise<unknown>,
): Promise<RestoreState> {
  const { manifest, shards } = await readContent(backup);
  const byId = new Map(manifest.buckets.map((bucket) => [bucket.bucketID, bucket]));
  const organisations = await ensureOrganisations(plan, resources);
  const state: NonNullable<RestoreState['buckets']> = {};
  for (const planned of plan.buckets) {
    const bucket = byId.get(planned.from);
    const orgID = organisations.get(planned.organisation);
    if (!bucket || orgID === undefined) {
      throw new HoldfastError('INTERNAL', `The plan of this restore names an unknown bucket.`);
    }
    const { notInMetadata: _ours, ...known } = bucket;
    const wanted = withoutFiles(known, (shard) => shards.has(shard));
    const left = await resources.bucketNamed(orgID, planned.temporary);
    if (left) {
      await takesAway?.();
      await resources.removeBucket(left.id);
    }
    state[planned.from] = await createBucket(planned, wanted, orgID, resources, tokens);
  }
  return { version: 1, buckets: state };
}

async function ensureOrganisations(
  { buckets, run }: SomeBuckets,
  resources: Resources,
): Promise<Map<string, string>> {
  const there = new Map((await resources.organisations()).map(({ name, id }) => [name, id]));
  for (const name of new Set(buckets.map(({ organisation }) => organisation))) {
    if (there.has(name)) continue;
    there.set(name, (await resources.createOrganisation(name, createdBy(run))).id);
  }
  return there;
}

async function createBucket(
  { temporary, from }: PlannedBucket,
  bucket: Bucket,
  orgID: string,
  resources: Resources,
  tokens: Tokens,
): Promise<{ id: string; shards: Record<string, number> }> {
  const { client } = resources;
  const operation = `creating bucket ${temporary}`;
  const answer = await client.jsonOr({
    method: 'POST',
    path: '/api/v2/restore/bucketMetadata',
    operation,
    token: await tokens.operator(),
    body: print({
      ...bucket,
      organizationID: orgID,
      bucketName: temporary,
      // The server must not remove old shards as expired before they are filled.
      retentionPolicies: bucket.retentionPolicies.map((policy) => ({ ...policy, duration: 0 })),
    }),
    accept: [422],
  });
  if (!('value' in answer)) throw refusal(answer, client.server, operation);
  const created = createdSchema.parse(answer.value);
  const mapped = new Map(created.shardMappings.map(({ oldId, newId }) => [oldId, newId]));
  const shards: Record<string, number> = {};
  for (const { shard } of shardsOf(bucket)) {
    const id = mapped.get(shard.id);
    if (id === undefined) {
      throw new HoldfastError(
        'TARGET_ERROR',
        `${client.server}: ${operation} gave shard ${shard.id} of bucket ${from} no place.`,
      );
    }
    shards[shard.id] = id;
  }
  return { id: created.id, shards };
}
