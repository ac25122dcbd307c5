import { posix } from 'node:path';
import type { SecretReference, StoreSettings } from '../../../workflows/contract/snapshot.ts';
import { HoldfastError } from '../../failure.ts';
import { readSecret, type Secret } from '../../secrets.ts';
import { serviceOf } from '../../stores/place.ts';
import type { DelegatedContext, DelegatedProduct, DelegatedSession } from '../delegated.ts';
import { createBackupJobs } from './backup-jobs.ts';
import { EnterpriseClient, type ClientOptions } from './client.ts';
import { type Connection, connectionSchema } from './config.ts';
import { held } from './measured.ts';
import { preflight } from './preflight.ts';
import { createRestoreJobs } from './restore-jobs.ts';
import type { Session } from './session.ts';

/** InfluxDB 3 Enterprise, from 3.10 on. README.md beside this file says what it backs up and how. */
export const influxdb3Enterprise: DelegatedProduct = {
  name: 'influxdb-3-enterprise',
  kind: 'delegated',
  connection: connectionSchema,
  storage,
  identity: ({ clusterUuid }) => (typeof clusterUuid === 'string' ? clusterUuid : undefined),
  held,
  locks: (connection) => [placeOf(connectionSchema.parse(connection))],
  connect,
};

/** Beside the queries: the question how a job is must not wait for them. */
const SPARE_CONNECTIONS = 2;
const MOST_PATIENCE_MS = 60_000;

function storage(connection: Record<string, unknown>): StoreSettings {
  const { storage: settings, clusterId } = connectionSchema.parse(connection);
  return { ...settings, name: `cluster-${clusterId}` };
}

/** A cluster makes one restore at a time. Its id alone is no name for it: the cluster that takes over bears the same. */
function placeOf({ clusterId, storage: at }: Connection): string {
  if (at.type === 'directory') return posix.join(at.path, clusterId);
  const service = serviceOf(at);
  return posix.join(service === 'AWS' ? '' : service, at.bucket, at.prefix ?? '', clusterId);
}

function connect(context: DelegatedContext): DelegatedSession {
  const connection = connectionSchema.parse(context.connection);
  const client = new EnterpriseClient({
    urls: connection.nodes ?? [connection.url ?? ''],
    ca: connection.ca,
    clusterUuid: connection.clusterUuid,
    tokens: tokensOf(context, connection),
    connections: context.concurrency + SPARE_CONNECTIONS,
    stallMs: context.stallMs,
    signal: context.signal,
  });
  client.pin.allow(context.identity);
  const session: Session = {
    target: context.target,
    connection,
    client,
    storage: context.storage,
    concurrency: context.concurrency,
    patienceMs: Math.min(MOST_PATIENCE_MS, context.stallMs / 5),
  };
  return {
    preflight: (purpose) => preflight(session, purpose),
    backup: createBackupJobs(session),
    restore: createRestoreJobs(session),
    close: () => client.close(),
  };
}

/** A restore brings the tokens of the backup back: one of these is among them. */
function tokensOf(
  { target, source }: DelegatedContext,
  { token, tokenAfterRestore }: Connection,
): ClientOptions['tokens'] {
  const tokens: ClientOptions['tokens'] = [
    () => readSecret(token, `the token of target ${target}`),
  ];
  if (tokenAfterRestore) {
    tokens.push(() => readSecret(tokenAfterRestore, `the later token of target ${target}`));
  }
  if (source) {
    const { token: other } = connectionSchema.parse(source.connection);
    tokens.push(() => readIfHere(other, `the token of target ${source.target}`));
  }
  return tokens;
}

/** A cluster that is lost may have taken its token along; nobody promised that it is here. */
async function readIfHere(token: SecretReference, purpose: string): Promise<Secret | undefined> {
  try {
    return await readSecret(token, purpose);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'SECRET_MISSING') return undefined;
    throw error;
  }
}
