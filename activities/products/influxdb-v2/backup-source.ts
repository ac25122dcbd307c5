import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Secret } from '../../secrets.ts';
import type { ArtifactPlan, BackupSource, Capture } from '../product.ts';
import { isSelected, isSystem, parseBuckets, shardName, shardsOf, type Bucket } from './buckets.ts';
import { packBuckets, plainFilter, type Captured } from './captured.ts';
import type { InfluxClient } from './client.ts';
import { conclude } from './conclude.ts';
import type { Connection } from './config.ts';
import { isAtLeast, readHealth } from './health.ts';
import { inBoth } from './in-both.ts';
import { print } from './lossless-json.ts';
import { downloadBucketList, downloadMetadata, type SpooledFile } from './metadata.ts';
import { baseName, ROLE, SUBJECT } from './names.ts';
import { Resources } from './resources.ts';
import { serverNow } from './server-now.ts';
import { downloadShard } from './shard.ts';
import { fileBytes, holdsFile } from './spool.ts';
import { stillSuspended } from './suspended-retention.ts';

interface Source {
  client: InfluxClient;
  connection: Connection;
  token: () => Promise<Secret>;
}

type Sink = Parameters<BackupSource['capture']>[0];

export function createBackupSource(source: Source): BackupSource {
  return {
    capture: (sink) => capture(source, sink),
    open: async ({ key }) =>
      downloadShard(
        source.client,
        await source.token(),
        Number(key['shard']),
        source.connection.compression,
      ),
    conclude: (taken) => conclude(taken, serverNow(source.client, source.token)),
  };
}

async function capture({ client, connection, token }: Source, sink: Sink): Promise<Capture> {
  const base = baseName(sink.startedAt);
  const plaintextTokens = await holdsPlaintextTokens(client, token);
  const askedAt = new Date().toISOString();
  const where = `The metadata of ${client.server}`;
  const before = parseBuckets(await downloadBucketList(client, await token()), where);
  const metadata = await downloadMetadata(client, await token(), sink.spool);
  const all = inBoth(before, parseBuckets(metadata.buckets, where));
  await storeWhole(sink, metadata.kv, {
    name: `${base}.bolt`,
    format: 'bolt',
    subject: SUBJECT.kv,
  });
  await storeWhole(sink, metadata.sql, {
    name: `${base}.sqlite`,
    format: 'sqlite',
    subject: SUBJECT.sql,
  });
  const select = plainFilter(connection.select);
  const detail: Captured = {
    version: 1,
    base,
    buckets: packBuckets(print(all)),
    sql: true,
    askedAt,
    plaintextTokens,
    ...(select && { select }),
  };
  const chosen = all.filter((bucket) => isSelected(bucket, select));
  return {
    artifacts: chosen.flatMap((bucket) => shardArtifacts(bucket, base)),
    detail,
    warnings: [
      ...(select && !chosen.some((bucket) => !isSystem(bucket)) ? [nothingSelected()] : []),
      ...stillSuspended(chosen),
    ],
  };
}

function shardArtifacts(bucket: Bucket, base: string): ArtifactPlan[] {
  return [...shardsOf(bucket)].map(({ shard }) => ({
    path: `${base}.${shard.id}.tar`,
    role: ROLE.shard,
    subject: shardName(bucket, shard.id),
    format: 'tar',
    key: { shard: shard.id },
  }));
}

/**
 * Stores a file of the spool. An object that an earlier attempt left under the same name holds older metadata, which
 * must not be mixed with this attempt's list of shards; then another name is taken.
 */
async function storeWhole(
  sink: Sink,
  file: SpooledFile,
  what: { name: string; format: 'bolt' | 'sqlite'; subject: string },
): Promise<void> {
  const { name, format, subject } = what;
  for (let attempt = 1; ; attempt += 1) {
    const path = attempt === 1 ? name : name.replace('.', `.${attempt}.`);
    const lines = await sink.store(
      { path, role: ROLE.metadata, subject, format, key: {}, bytes: file.bytes },
      () => Promise.resolve({ body: fileBytes(file.path), codec: 'identity' }),
    );
    if (await holdsFile(lines, file.path)) return;
  }
}

/** Servers before 2.9 keep every token readable; later ones only where hashing is off, and then they say them. */
async function holdsPlaintextTokens(
  client: InfluxClient,
  token: () => Promise<Secret>,
): Promise<boolean> {
  if (!isAtLeast(await readHealth(client), 2, 9, 0)) return true;
  const authorizations = await new Resources(client, token).authorizations();
  return authorizations.some(({ readable }) => readable);
}

function nothingSelected(): Warning {
  return {
    code: 'NOTHING_SELECTED',
    message:
      'The server has no bucket that `connection.select` names: the backup holds metadata only.',
  };
}
