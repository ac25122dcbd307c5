import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import type { PreviousBackup } from '../delegated.ts';
import type { BackupApi, JobStatus } from './backup-api.ts';
import type { Connection } from './config.ts';
import type { Database } from './database.ts';
import { globalKey, readGlobal } from './descriptors.ts';
import { timeOf } from './job-status.ts';
import { startRefusal } from './start-refusal.ts';
import { isSince, SINCE } from './version.ts';

export interface Starter {
  api: BackupApi;
  database: Database;
  storage: Store;
  connection: Connection;
  previous: PreviousBackup | undefined;
  signal: AbortSignal;
}

/** How far the clocks of a server and of a worker may be apart. */
const SKEW_MS = 60_000;

/**
 * Begins a backup, or finds that an earlier attempt has: its answer may have been lost. The server knows the name from
 * the moment on at which it accepts, so one that it does not know may be asked for again.
 */
export async function startBackup(starter: Starter, name: string, since: Date): Promise<void> {
  const { api, database } = starter;
  const known = await api.status(name);
  if (known) return adopt(starter, name, since, known);
  const complaint = await api.create(await request(starter, name));
  if (!complaint) return;
  const { version } = await database.meta();
  const refused = startRefusal(complaint, {
    server: api.server,
    operation: `beginning backup ${name}`,
    version,
    elapsedMs: Date.now() - since.getTime(),
  });
  if (refused.code !== 'JOB_NAME_TAKEN') throw refused;
  const met = await api.status(name);
  if (!met) throw refused;
  return adopt(starter, name, since, met);
}

/** @throws JOB_NAME_TAKEN when the backup of this name was begun before this run first asked for it */
async function adopt(
  { api, storage, signal }: Starter,
  name: string,
  since: Date,
  status: JobStatus,
): Promise<void> {
  const started =
    timeOf(status.startedAt) ?? timeOf((await readGlobal(storage, name, signal))?.startedAt);
  if (!started || started.getTime() >= since.getTime() - SKEW_MS) return;
  throw new HoldfastError(
    'JOB_NAME_TAKEN',
    `${api.server} has a backup ${name} already, begun at ${started.toISOString()}, which is not this run's.`,
  );
}

async function request(starter: Starter, name: string): Promise<Record<string, unknown>> {
  const { include, exclude, compression, cpuPercentage, bucket, path, users, roles } =
    starter.connection;
  const base = await baseFor(starter);
  return {
    id: name,
    ...(include && { include }),
    ...(exclude && { exclude }),
    config: {
      CompressionLevel: compression,
      ...(cpuPercentage !== undefined && { CPUPercentage: cpuPercentage }),
      ...(bucket !== undefined && { Bucket: bucket }),
      ...(path !== undefined && { Path: path }),
    },
    ...(users?.include && { includeUsers: users.include }),
    ...(roles?.include && { includeRoles: roles.include }),
    ...(base !== undefined && { incremental_base_backup_id: base }),
  };
}

/** The last committed backup, unless its chain is long enough or the server could not build on it. */
async function baseFor({
  connection,
  previous,
  database,
  storage,
  signal,
}: Starter): Promise<string | undefined> {
  const { incremental, compression } = connection;
  if (!incremental || !previous) return undefined;
  if (previous.bases.length >= incremental.maxChain) return undefined;
  if (previous.detail['compression'] !== compressionType(compression)) return undefined;
  if (!isSince((await database.meta()).version, SINCE.incremental)) return undefined;
  // Somebody may have removed it from the storage: then there is nothing to build on, and a full one heals that.
  const there = await storage.head(globalKey(previous.name), { signal });
  return there ? previous.name : undefined;
}

/** What a descriptor calls it: a chain must be of one kind. */
function compressionType(compression: Connection['compression']): 'gzip' | 'zstd' | 'none' {
  if (compression === 'NoCompression') return 'none';
  return compression.startsWith('Zstd') ? 'zstd' : 'gzip';
}
