import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { Inventory } from '../delegated.ts';
import { CENSUS_PATH, type Census, type Observation } from './census.ts';
import { unclaim } from './claim.ts';
import type { Node } from './database.ts';
import { untilDurable } from './durable.ts';
import { few, told } from '../../few.ts';
import { timeOf } from './job-status.ts';
import { requireShards } from './require-shards.ts';
import type { Weaviate } from './session.ts';
import { settle } from './settle.ts';
import { strangeNodes } from './strange-nodes.ts';
import { isUncounted } from './tenant-warnings.ts';
import { readVersion } from './version.ts';
import { checkWritten, type WrittenBackup } from './written-backup.ts';
import { decoded, writtenClasses, type WrittenClass } from './written-classes.ts';

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
    previous,
    concurrency,
    signal,
  });
  await requireObserved(weaviate, name, observed, written);
  const held = writtenClasses(written);
  const { places, after, warnings } = await settle(
    weaviate.observer(observed.proof),
    observed,
    held,
    { deletions: connection.deletions, began: timeOf(written.global.startedAt)?.getTime() },
  );
  const live = await weaviate.database.nodes('verbose');
  const whole = after.classes.filter((one) => !one.multiTenant).map((one) => one.name);
  requireShards(client.server, name, written, live, whole);
  const census: Census = {
    version: 1,
    weaviate: after.weaviate,
    proof: observed.proof,
    digests: observed.digests,
    nodes: [...written.nodes.keys()],
    classes: describeClasses(live, held, [...after.classes, ...observed.classes]),
    places,
  };
  await unclaim(storage, name, signal);
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
    detail: detailOf(census, written),
    warnings: [
      ...warnings,
      ...madeAnew(live, held, whole),
      ...credentials(written),
      ...(await fullInstead(weaviate, census, written)),
    ],
  };
}

/** Of the manifest: what is listed of a backup, and what the next one is measured against. */
function detailOf(census: Census, { classes, global, bases }: WrittenBackup): Inventory['detail'] {
  const { places, nodes, proof } = census;
  const held = places.filter(({ absent }) => absent === undefined);
  return {
    version: 1,
    classes: few(classes, 100),
    places: held.length,
    objects: held.reduce((sum, { most }) => sum + (most ?? 0), 0),
    uncounted: held.filter(isUncounted).length,
    proof,
    nodes: few(nodes, 100),
    compression: global.compressionType ?? 'gzip',
    base: bases[0] ?? null,
  };
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

/** @param known for servers that do not say which classes have tenants */
function describeClasses(
  live: readonly Node[],
  held: ReadonlyMap<string, WrittenClass>,
  known: Observation['classes'],
): Census['classes'] {
  const counts = new Map(
    live.flatMap(({ name: node, shards }) =>
      shards.map((shard) => [JSON.stringify([node, shard.class, shard.name]), shard.objects]),
    ),
  );
  return [...held].map(([name, { multiTenant, bytes, aliases, shards }]) => ({
    name,
    multiTenant: multiTenant ?? known.find((one) => one.name === name)?.multiTenant ?? false,
    bytes,
    aliases,
    shards: shards.map((shard) => ({
      ...shard,
      objects: counts.get(JSON.stringify([shard.node, name, shard.name])),
    })),
  }));
}

/** Of the classes without tenants, whose shards are named at random. */
function madeAnew(
  live: readonly Node[],
  held: ReadonlyMap<string, WrittenClass>,
  names: readonly string[],
): Warning[] {
  const anew = names.filter((name) => {
    const there = live.flatMap((node) => node.shards.filter((shard) => shard.class === name));
    const written = held.get(name)?.names ?? new Set();
    return there.length > 0 && written.size > 0 && there.every((shard) => !written.has(shard.name));
  });
  if (anew.length === 0) return [];
  const message = `The backup holds these classes as they were before they were dropped and made anew while it was taken: ${told(anew)}.`;
  return [{ code: 'WRITTEN_DURING_BACKUP', message }];
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

/** Why this backup rests on none, though it was to rest on the one before it. */
async function fullInstead(
  { database, connection, previous }: Weaviate,
  { weaviate, classes }: Census,
  { bases }: WrittenBackup,
): Promise<Warning[]> {
  const most = connection.incremental?.maxChain ?? 0;
  if (!previous || bases.length > 0 || previous.bases.length >= most) return [];
  const code = 'FULL_INSTEAD_OF_INCREMENTAL';
  const itCould = `This backup is a full one: it could not rest on ${previous.name}`;
  const version = readVersion(weaviate);
  const nodes = await strangeNodes(previous, classes, database, version);
  if (nodes.length > 0) {
    const message = `${itCould}, which holds nothing of the nodes ${told(nodes)}; Weaviate ${version.text} cannot build on such a one, as 1.37.12 and 1.38.3 can. A node without shards counts as long as the key has no right \`read_cluster\`, or tenants are not active.`;
    return [{ code, message }];
  }
  const message = `${itCould}, which is compressed in another way or, like what it rests on itself, gone from the server's storage or not as it was written there.`;
  return [{ code, message }];
}
