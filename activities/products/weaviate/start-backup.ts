import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import type { PreviousBackup } from '../delegated.ts';
import type { BackupApi } from './backup-api.ts';
import { isChainWhole } from './base-chain.ts';
import { claim, isClaimed } from './claim.ts';
import type { Connection } from './config.ts';
import type { Database, WeaviateClass } from './database.ts';
import { selectClasses } from './glob.ts';
import { includedNow } from './selection.ts';
import { isBrokenChain, startRefusal } from './start-refusal.ts';
import { strangeNodes } from './strange-nodes.ts';
import { isSince, SINCE } from './version.ts';

export interface Starter {
  api: BackupApi;
  database: Database;
  storage: Store;
  connection: Connection;
  previous: PreviousBackup | undefined;
  signal: AbortSignal;
}

/**
 * Begins a backup, or finds that an earlier attempt has: its answer may have been lost. The server knows the name from
 * the moment on at which it accepts, so one that it does not know may be asked for again.
 * @throws JOB_NAME_TAKEN when the backup of this name is not this run's
 */
export async function startBackup(starter: Starter, name: string, since: Date): Promise<void> {
  const { api, database, storage, signal } = starter;
  const isOurs = () => isClaimed(storage, name, since, signal);
  if (await api.status(name)) {
    if (await isOurs()) return;
    throw taken(api, name);
  }
  const body = await request(starter, name);
  await claim(storage, name, since, signal);
  const asked = { server: api.server, operation: `beginning backup ${name}` };
  const ask = async (backup: Record<string, unknown>) => {
    const complaint = await api.create(backup);
    if (!complaint) return undefined;
    const { version } = await database.meta();
    const elapsedMs = Date.now() - since.getTime();
    return { complaint, refused: startRefusal(complaint, { ...asked, version, elapsedMs }) };
  };
  let answer = await ask(body);
  if (answer && isBrokenChain(answer.complaint) && !answer.refused.retryable) {
    // A full one heals that; without it every later backup would be refused, too.
    const { incremental_base_backup_id: _, ...full } = body;
    answer = await ask(full);
  }
  if (!answer) return;
  // An attempt beside this one may have been faster.
  if (answer.refused.code === 'JOB_NAME_TAKEN' && (await api.status(name))) return;
  throw answer.refused;
}

function taken(api: BackupApi, name: string): HoldfastError {
  return new HoldfastError(
    'JOB_NAME_TAKEN',
    `${api.server} has a backup ${name} already, which is not this run's.`,
  );
}

async function request(starter: Starter, name: string): Promise<Record<string, unknown>> {
  const { api, database, connection } = starter;
  const { exclude, compression, cpuPercentage, bucket, path, users, roles } = connection;
  const classes = await database.classes();
  const include = includedNow(classes, connection, api.server);
  const base = await baseFor(starter, classes);
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

/** The last committed backup, unless its chain is long enough or not whole, or the server could not build on it. */
async function baseFor(
  { connection, previous, database, storage, signal }: Starter,
  classes: readonly WeaviateClass[],
): Promise<string | undefined> {
  const { incremental, compression } = connection;
  if (!incremental || !previous) return undefined;
  if (previous.bases.length >= incremental.maxChain) return undefined;
  if (previous.detail['compression'] !== compressionType(compression)) return undefined;
  const { version } = await database.meta();
  if (!isSince(version, SINCE.incremental)) return undefined;
  const chosen = new Set(
    selectClasses(
      classes.map(({ name }) => name),
      connection,
    ),
  );
  const own = classes.filter(({ name }) => chosen.has(name));
  if ((await strangeNodes(previous, own, database, version)).length > 0) return undefined;
  // What came to rest on a chain that is broken would be of no use; a full one heals that.
  return (await isChainWhole(storage, previous, signal)) ? previous.name : undefined;
}

/** What a descriptor calls it: a chain must be of one kind. */
function compressionType(compression: Connection['compression']): 'gzip' | 'zstd' | 'none' {
  if (compression === 'NoCompression') return 'none';
  return compression.startsWith('Zstd') ? 'zstd' : 'gzip';
}
