import type { Preflight } from '../../../workflows/contract/activities.ts';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import type { Connection } from './config.ts';
import type { Database, Meta, Node } from './database.ts';
import { told } from '../../few.ts';
import { isPattern } from './glob.ts';
import { knownDefects } from './known-defects.ts';
import { missingClasses, requireClasses } from './selection.ts';
import { isSince, SINCE, type Version } from './version.ts';

interface Asked {
  server: string;
  database: Database;
  storage: Store;
  connection: Connection;
  signal: AbortSignal;
}

/** Reachable, the right program, a version that can do what is configured, every node up, and storage where it should be. */
export async function preflight(
  { server, database, storage, connection, signal }: Asked,
  purpose: 'backup' | 'restore',
): Promise<Preflight> {
  const meta = await database.meta();
  requireVersion(meta.version, connection, server);
  requireModule(meta, connection, server);
  const nodes = await database.nodes();
  requireHealthy(nodes, connection, server);
  const classes = await database.classes();
  const chosen = purpose === 'backup' ? requireClasses(classes, connection, server) : [];
  // Of tenants there may be too many for a mere question.
  const one = classes.find(({ name, multiTenant }) => chosen.includes(name) && !multiTenant);
  if (one) await database.requireInSight({ shardsOf: one.name });
  await look(storage, signal);
  return {
    version: meta.version.text,
    identity: nodes
      .map(({ name }) => name)
      .toSorted()
      .join(','),
    warnings: [
      ...knownDefects({
        version: meta.version,
        purpose,
        connection,
        multiTenant: classes.some(({ multiTenant }) => multiTenant),
        nodes: nodes.length,
      }),
      ...(purpose === 'backup' ? missingClasses(classes, connection) : []),
    ],
  };
}

function requireVersion(version: Version, connection: Connection, server: string): void {
  if (!isSince(version, SINCE.supported)) {
    throw new HoldfastError(
      'VERSION_UNSUPPORTED',
      `${server} is version ${version.text}; backups are supported from 1.24 on.`,
    );
  }
  const { include = [], exclude = [], users, roles, compression } = connection;
  const configured: [string, boolean, readonly string[]][] = [
    [
      'wildcards in `include` and `exclude`',
      [...include, ...exclude].some(isPattern),
      SINCE.wildcards,
    ],
    ['`bucket` and `path`', Boolean(connection.bucket ?? connection.path), SINCE.overrides],
    [`\`compression: ${compression}\``, /^(Zstd|No)/.test(compression), SINCE.zstd],
    ['`incremental`', connection.incremental !== undefined, SINCE.incremental],
    ['`users.include`', users?.include !== undefined, SINCE.includeUsers],
    ['`roles.include`', roles?.include !== undefined, SINCE.includeRoles],
    ['`users.restore`', users?.restore === true, SINCE.principals],
    ['`roles.restore`', roles?.restore === true, SINCE.principals],
  ];
  for (const [what, asked, firsts] of configured) {
    if (!asked || isSince(version, firsts)) continue;
    throw new HoldfastError(
      'VERSION_UNSUPPORTED',
      `${server} is version ${version.text}, which does not know ${what}; ${firsts.join(', ')} and later do.`,
      { hint: 'Upgrade the server, or remove the setting from `connection`.' },
    );
  }
}

/** What the module says of itself tells a storage that is described wrongly before anything is written to it. */
function requireModule({ modules }: Meta, connection: Connection, server: string): void {
  const name = `backup-${connection.backend}`;
  const module = modules[name];
  if (module === undefined) {
    const others = Object.keys(modules).filter((one) => one.startsWith('backup-'));
    throw new HoldfastError(
      'TARGET_REFUSED',
      `${server} has no module ${name}; its modules for backups: ${told(others)}.`,
      { hint: `Add ${name} to ENABLE_MODULES of every node, or correct \`connection.backend\`.` },
    );
  }
  const { bucketName, rootName } = (module ?? {}) as Record<string, unknown>;
  const { storage } = connection;
  if (storage.type !== 's3') return;
  const wrong = (what: string, theirs: string, ours: string) =>
    new HoldfastError(
      'CONFIG_INVALID',
      `${server} writes its backups to the ${what} "${theirs}", and \`connection.storage\` says "${ours}".`,
    );
  if (!connection.bucket && typeof bucketName === 'string' && bucketName !== storage.bucket) {
    throw wrong('bucket', bucketName, storage.bucket);
  }
  const root = typeof rootName === 'string' ? rootName.replaceAll(/^\/+|\/+$/g, '') : undefined;
  if (!connection.path && root !== undefined && root !== (storage.prefix ?? '')) {
    throw wrong('path', root, storage.prefix ?? '');
  }
}

/** @throws TARGET_ERROR, TARGET_REFUSED */
export function requireHealthy(nodes: Node[], { backend }: Connection, server: string): void {
  const down = nodes.filter(({ status }) => status !== 'HEALTHY');
  if (down.length > 0) {
    throw new HoldfastError(
      'TARGET_ERROR',
      `${server}: backups and restores need every node, and ${down
        .map(({ name, status }) => `${name} is ${status}`)
        .join(', ')}.`,
    );
  }
  if (backend === 'filesystem' && nodes.length > 1) {
    throw new HoldfastError(
      'TARGET_REFUSED',
      `${server} has ${nodes.length} nodes, and backs up to a file system only when it has one.`,
      { hint: 'Use the backend s3, gcs or azure.' },
    );
  }
}

/** Whether this host reaches the storage, and may list it. */
async function look(storage: Store, signal: AbortSignal): Promise<void> {
  for await (const _ of storage.list('', { signal })) break;
}
