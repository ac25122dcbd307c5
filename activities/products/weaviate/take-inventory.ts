import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { Inventory } from '../delegated.ts';
import { CENSUS_PATH, type Census, type Observation } from './census.ts';
import { claimKey } from './claim.ts';
import type { Node } from './database.ts';
import { untilDurable } from './durable.ts';
import { few, told } from '../../few.ts';
import { label } from './objects.ts';
import { requireShards } from './require-shards.ts';
import type { Weaviate } from './session.ts';
import { settle } from './settle.ts';
import { checkWritten, type WrittenBackup } from './written-backup.ts';

/** What the server wrote, found whole, and what a restore of it must bring back. */
export async function takeInventory(
  weaviate: Weaviate,
  name: string,
  observed: Observation,
): Promise<Inventory> {
  const { api, storage, connection, previous, concurrency, signal, client } = weaviate;
  await untilDurable(api, storage, name, weaviate);
  const written = await checkWritten({
    storage,
    server: client.server,
    name,
    concurrency,
    signal,
  });
  await requireObserved(weaviate, name, observed, written);
  const held = { classes: new Set(written.classes), shards: tenantsIn(written) };
  const { places, after, warnings } = await settle(
    weaviate.observer(observed.proof),
    observed,
    held,
    connection.deletions,
  );
  const live = await weaviate.database.nodes('verbose');
  const whole = after.classes.filter((one) => !one.multiTenant).map((one) => one.name);
  requireShards(client.server, name, written, live, whole);
  const census: Census = {
    version: 1,
    weaviate: after.weaviate,
    proof: observed.proof,
    nodes: [...written.nodes.keys()],
    classes: describeClasses(live, written, after),
    places,
  };
  await storage.remove([claimKey(name)], { signal });
  const base = written.bases[0];
  return {
    objects: written.objects,
    files: [
      {
        path: CENSUS_PATH,
        role: 'census',
        subject: 'counts and digests of what the database held',
        bytes: Buffer.from(`${JSON.stringify(census)}\n`),
      },
    ],
    bases: written.bases,
    detail: {
      version: 1,
      classes: few(written.classes, 100),
      places: places.filter(({ absent }) => absent === undefined).length,
      objects: places.reduce((sum, { most }) => sum + (most ?? 0), 0),
      uncounted: places.filter(({ most, absent }) => most === undefined && !absent).length,
      proof: observed.proof,
      nodes: few(census.nodes, 100),
      compression: written.global.compressionType ?? 'gzip',
      base: base ?? null,
    },
    warnings: [
      ...warnings,
      ...credentials(written),
      ...(previous && !base && previous.bases.length < (connection.incremental?.maxChain ?? 0)
        ? [fullInstead(previous.name)]
        : []),
    ],
  };
}

/** Of a class with tenants, a shard bears the name of its tenant. */
function tenantsIn({ nodes }: WrittenBackup): Set<string> {
  const classes = [...nodes.values()].flatMap((node) => node.classes ?? []);
  return new Set(
    classes.flatMap(({ name, shards }) =>
      (shards ?? []).map((shard) => label({ class: name, tenant: shard.name })),
    ),
  );
}

/** A class that is still there and was asked for must be in the backup. */
async function requireObserved(
  { database, client }: Weaviate,
  name: string,
  observed: Observation,
  { classes }: WrittenBackup,
): Promise<void> {
  const held = new Set(classes);
  const lost = observed.classes.filter((one) => !held.has(one.name)).map((one) => one.name);
  if (lost.length === 0) return;
  const live = new Set((await database.classes()).map((one) => one.name));
  const missing = lost.filter((one) => live.has(one));
  if (missing.length === 0) return;
  throw new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${client.server} calls its backup ${name} successful, and it lacks the classes ${told(missing)}.`,
    { hint: 'The key or token may lack the right `manage_backups` for those classes.' },
  );
}

function describeClasses(
  live: readonly Node[],
  { classes, nodes }: WrittenBackup,
  after: Observation,
): Census['classes'] {
  const multiTenant = new Map(after.classes.map((one) => [one.name, one.multiTenant]));
  const descriptors = [...nodes.values()].flatMap((node) => node.classes ?? []);
  return classes.map((name) => {
    const own = descriptors.filter((one) => one.name === name);
    return {
      name,
      multiTenant: multiTenant.get(name) ?? false,
      bytes: own.reduce((sum, one) => sum + (one.preCompressionSizeBytes ?? 0), 0),
      aliases: [...new Set(own.flatMap(({ aliases }) => aliasesIn(aliases)))],
      shards: live.flatMap((node) =>
        node.shards
          .filter((shard) => shard.class === name)
          .map((shard) => ({ name: shard.name, node: node.name, objects: shard.objects })),
      ),
    };
  });
}

function aliasesIn(encoded: string | null | undefined): string[] {
  const list = encoded ? decoded(encoded) : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: { alias?: unknown } | null) =>
    typeof one?.alias === 'string' ? [one.alias] : [],
  );
}

/** Go writes bytes as Base64, and these are JSON. */
function decoded(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function credentials({ nodes }: WrittenBackup): Warning[] {
  const all = [...nodes.values()];
  const held = [
    ...(all.some(({ userBackups }) => holdsUsers(userBackups)) ? ['users with their keys'] : []),
    ...(all.some(({ rbacBackups }) => rbacBackups) ? ['roles'] : []),
  ];
  if (held.length === 0) return [];
  return [
    {
      code: 'CREDENTIALS_IN_BACKUP',
      message: `The server puts ${held.join(' and ')} into its backups as they are: keep its bucket as close as the database.`,
    },
  ];
}

/** A server without users writes an empty list of them. */
function holdsUsers(encoded: string | null | undefined): boolean {
  if (!encoded) return false;
  const found = decoded(encoded) as { Data?: { Users?: object | null } | null } | undefined;
  return found === undefined || Object.keys(found.Data?.Users ?? {}).length > 0;
}

function fullInstead(previous: string): Warning {
  return {
    code: 'FULL_INSTEAD_OF_INCREMENTAL',
    message: `This backup is a full one: it could not rest on ${previous}, which is compressed in another way or, like what it rests on itself, gone from the server's storage.`,
  };
}
