import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import type { DelegatedBackup, PlannedJob } from '../delegated.ts';
import { readCensus, type Census } from './census.ts';
import type { Database, WeaviateClass } from './database.ts';
import { readRestore } from './descriptors.ts';
import { replacedAccess } from './replaced-access.ts';
import { shardsOf } from './replaced-classes.ts';
import { requireNodes } from './require-nodes.ts';
import { chooseClasses, findConflicts, refuseConflicts, type Conflicts } from './restore-choice.ts';
import type { RestoreDetail } from './restore-detail.ts';
import { effectsOf } from './restore-effects.ts';
import type { Weaviate } from './session.ts';
import { takenAliases } from './taken-aliases.ts';
import { isSince, readVersion, SINCE, type Version } from './version.ts';

interface Request {
  backup: DelegatedBackup;
  restore: RestoreRequest;
  destination: string;
  earlier?: Record<string, unknown> | undefined;
}

/** Looks for everything that stands in the way: the server itself looks only when it has downloaded all. */
export async function planRestore(
  weaviate: Weaviate,
  { backup, restore, destination, earlier }: Request,
): Promise<PlannedJob> {
  const { database, storage, connection, client, signal } = weaviate;
  const census = await readCensus(backup);
  const chosen = chooseClasses(census, restore);
  const { version } = await database.meta();
  requireNodes(census.nodes, await database.nodes(), weaviate);
  const live = await database.classes();
  const aliases = await database.aliases();
  const conflicts = findConflicts(chosen, { classes: live.map(({ name }) => name), aliases });
  const replace = restore.onConflict === 'replace';
  refuseConflicts(conflicts, replace, client.server);
  const overwriteAlias =
    replace && conflicts.held.length > 0 && isSince(version, SINCE.overwriteAlias);
  const users = connection.users?.restore ?? false;
  const roles = connection.roles?.restore ?? false;
  const untold = earlier !== undefined && !('access' in earlier);
  const access = untold ? {} : await replacedAccess(client, { users, roles });
  const detail: RestoreDetail = {
    version: 1,
    classes: chosen.map(({ name, multiTenant, shards }) => ({
      name,
      ...(!multiTenant && { shards: [...new Set(shards.map((shard) => shard.name))] }),
    })),
    whole: chosen.length === census.classes.length,
    drops: await dropsOf(conflicts, live, database),
    aliases: chosen.flatMap((one) => one.aliases.map((alias) => ({ alias, class: one.name }))),
    overwriteAlias,
    taken: takenAliases(conflicts, live, overwriteAlias),
    users,
    roles,
    access: [access.users, access.roles].filter((one) => one !== undefined),
    earlier: (await readRestore(storage, backup.name, signal))?.startedAt ?? null,
  };
  const names = new Set(chosen.map(({ name }) => name));
  return {
    summary: {
      backup: backup.manifest.id,
      from: backup.manifest.target,
      into: destination,
      ...effectsOf({ detail, conflicts, aliases, access }),
      artifacts: census.places.filter((one) => names.has(one.class) && !one.absent).length,
      bytes: chosen.reduce((sum, { bytes }) => sum + bytes, 0),
      warnings: [
        ...versionWarnings(version, census),
        ...(overwriteAlias ? [] : conflicts.held.map(aliasStays)),
      ],
    },
    name: backup.name,
    ...(!detail.whole && { prefixes: prefixesFor(backup, census, names) }),
    detail: { ...detail },
  };
}

/** What of the destination has to go first. */
async function dropsOf(
  { classes, aliases }: Conflicts,
  live: readonly WeaviateClass[],
  database: Database,
): Promise<RestoreDetail['drops']> {
  const dropped = new Set(classes.map((one) => one.there));
  const those = live.filter(({ name }) => dropped.has(name));
  return {
    classes: [...dropped],
    aliases: aliases.map(({ there }) => there.alias),
    ...(dropped.size > 0 && { shards: shardsOf(those, await database.nodes('verbose')) }),
  };
}

/** Chunks of other classes need not be there; descriptors must. */
function prefixesFor(
  { name, manifest }: DelegatedBackup,
  { nodes }: Census,
  classes: ReadonlySet<string>,
): string[] {
  const backups = [name, ...(manifest.delegated?.bases ?? []).map((base) => base.name)];
  return backups.flatMap((one) => [
    `${one}/backup_config.json`,
    ...nodes.flatMap((node) => [
      `${one}/${node}/backup.json`,
      ...[...classes].map((className) => `${one}/${node}/${className}/`),
    ]),
  ]);
}

function versionWarnings(version: Version, census: Census): Warning[] {
  const { number } = readVersion(census.weaviate);
  if (!number || !version.number || isSince(version, [number.join('.')])) return [];
  return [
    {
      code: 'DESTINATION_OLDER',
      message: `The backup is of Weaviate ${census.weaviate}, and the destination is ${version.text}, which is older: it may refuse it.`,
    },
  ];
}

function aliasStays({ alias, class: there, wanted }: Conflicts['held'][number]): Warning {
  return {
    code: 'ALIAS_NOT_RESTORED',
    message: `The alias ${alias} of class ${wanted} points to class ${there} at the destination, and stays so; \`onConflict: replace\` moves it.`,
    subject: alias,
  };
}
