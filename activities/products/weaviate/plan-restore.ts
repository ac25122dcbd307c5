import type { RestorePlan, RestoreRequest } from '../../../workflows/contract/operations.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { DelegatedBackup, PlannedJob } from '../delegated.ts';
import { CENSUS_PATH, censusSchema, type Census } from './census.ts';
import type { Node } from './database.ts';
import { readRestore } from './descriptors.ts';
import { few, told } from '../../few.ts';
import { replacedAccess } from './replaced-access.ts';
import { takenAliases } from './taken-aliases.ts';
import { shardsOf } from './replaced-classes.ts';
import { chooseClasses, findConflicts, type Conflicts } from './restore-choice.ts';
import type { RestoreDetail } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
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
  const there = {
    classes: live.map(({ name }) => name),
    aliases: await database.aliases(),
  };
  const conflicts = findConflicts(chosen, there);
  const replace = restore.onConflict === 'replace';
  refuseConflicts(conflicts, replace, client.server);
  const overwriteAlias =
    replace && conflicts.held.length > 0 && isSince(version, SINCE.overwriteAlias);
  const dropped = new Set(conflicts.classes.map((one) => one.there));
  const drops = {
    classes: [...dropped],
    aliases: conflicts.aliases.map(({ there: one }) => one.alias),
    ...(dropped.size > 0 && {
      shards: shardsOf(
        live.filter(({ name }) => dropped.has(name)),
        await database.nodes('verbose'),
      ),
    }),
  };
  const wanted = {
    users: connection.users?.restore ?? false,
    roles: connection.roles?.restore ?? false,
  };
  const untold = earlier !== undefined && !('access' in earlier);
  const access = untold ? {} : await replacedAccess(client, wanted);
  const replacedToo = [access.users, access.roles].filter((one) => one !== undefined);
  const detail: RestoreDetail = {
    version: 1,
    classes: chosen.map(({ name, multiTenant, shards }) => ({
      name,
      ...(!multiTenant && { shards: [...new Set(shards.map((shard) => shard.name))] }),
    })),
    whole: chosen.length === census.classes.length,
    drops,
    aliases: chosen.flatMap(({ name, aliases }) =>
      aliases.map((alias) => ({ alias, class: name })),
    ),
    overwriteAlias,
    taken: takenAliases(conflicts, live, overwriteAlias),
    ...wanted,
    access: replacedToo,
    earlier: (await readRestore(storage, backup.name, signal))?.startedAt ?? null,
  };
  const names = new Set(chosen.map(({ name }) => name));
  const replaced = new Set(drops.classes.map((name) => name.toLowerCase()));
  const summary: RestorePlan = {
    backup: backup.manifest.id,
    from: backup.manifest.target,
    into: destination,
    destructive:
      drops.classes.length + drops.aliases.length + replacedToo.length > 0 || overwriteAlias,
    creates: few([
      ...chosen
        .filter(({ name }) => !replaced.has(name.toLowerCase()))
        .map(({ name }) => `class ${name}`),
      ...(detail.users && !access.users ? ['users of the backup'] : []),
      ...(detail.roles && !access.roles ? ['roles of the backup'] : []),
    ]),
    replaces: few([
      ...drops.classes.map((name) => `class ${name} (dropped before)`),
      ...drops.aliases.map((name) => `alias ${name} (dropped before)`),
      ...(overwriteAlias
        ? conflicts.held.map((one) => `alias ${one.alias} (moved from ${one.class})`)
        : []),
      ...replacedToo,
    ]),
    leaves: few([
      ...(overwriteAlias
        ? []
        : conflicts.held.map((one) => `alias ${one.alias} (points to ${one.class} there)`)),
      ...(detail.users ? [] : ['users (not restored: `connection.users.restore`)']),
      ...(detail.roles ? [] : ['roles (not restored: `connection.roles.restore`)']),
    ]),
    bound: few([
      ...there.aliases
        .filter((one) => replaced.has(one.class.toLowerCase()))
        .map((one) => `alias ${one.alias} of class ${one.class}`),
      ...(access.own === undefined ? [] : [ownKey(access.own)]),
    ]),
    artifacts: census.places.filter((one) => names.has(one.class) && !one.absent).length,
    bytes: chosen.reduce((sum, { bytes }) => sum + bytes, 0),
    warnings: [
      ...versionWarnings(version, census),
      ...(overwriteAlias ? [] : conflicts.held.map(aliasStays)),
    ],
  };
  return {
    summary,
    name: backup.name,
    ...(!detail.whole && { prefixes: prefixesFor(backup, census, names) }),
    detail: { ...detail },
  };
}

/** @throws BACKUP_DAMAGED */
export async function readCensus(backup: DelegatedBackup): Promise<Census> {
  const bytes = await backup.file(CENSUS_PATH);
  try {
    return censusSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${CENSUS_PATH} of backup ${backup.manifest.id} is not what this version of Holdfast can read.`,
      { cause },
    );
  }
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

/** @throws DESTINATION_EXISTS */
function refuseConflicts(conflicts: Conflicts, replace: boolean, server: string): void {
  const { classes, aliases, blocked } = conflicts;
  if (blocked.length > 0) {
    throw new HoldfastError(
      'DESTINATION_EXISTS',
      `${server} has classes where the backup has aliases: ${told(blocked.map(({ there }) => there))}; nothing was changed.`,
      { hint: 'Drop those classes, or restore other classes with `select.classes` (`--class`).' },
    );
  }
  if (replace || classes.length + aliases.length === 0) return;
  const named = [
    ...classes.map(({ wanted, there }) =>
      wanted === there ? `class ${there}` : `class ${there} (which counts as ${wanted})`,
    ),
    ...aliases.map(({ there }) => `alias ${there.alias}`),
  ];
  throw new HoldfastError(
    'DESTINATION_EXISTS',
    `${server} already has ${told(named)}; nothing was changed.`,
    {
      hint: 'Weaviate cannot restore under another name: choose `onConflict: replace`, which drops what is there first, or other classes with `select.classes` (`--class`), or restore `into` another target.',
    },
  );
}

/** Files of a node go to the node of the same name, or to the one that `nodeMapping` names. */
export function requireNodes(
  needed: readonly string[],
  live: Node[],
  { connection, client }: Pick<Weaviate, 'connection' | 'client'>,
): void {
  const there = new Set(live.map(({ name }) => name));
  const missing = needed.filter((node) => !there.has(connection.nodeMapping?.[node] ?? node));
  if (missing.length > 0) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${client.server} has the nodes ${told([...there])}, and the backup needs ${told(missing)}.`,
      { hint: 'Say with `connection.nodeMapping` which node takes over from which.' },
    );
  }
  const takers = needed.map((node) => connection.nodeMapping?.[node] ?? node);
  const twice = takers.find((node, at) => takers.indexOf(node) !== at);
  if (twice === undefined) return;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `\`connection.nodeMapping\` gives the node ${twice} the files of two nodes of the backup.`,
  );
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

function ownKey(user: string): string {
  return `the key of this target, of the user ${user}: unless the backup holds that user with the same key, the server knows it no more, and the run cannot see its own end`;
}

function aliasStays({ alias, class: there, wanted }: Conflicts['held'][number]): Warning {
  return {
    code: 'ALIAS_NOT_RESTORED',
    message: `The alias ${alias} of class ${wanted} points to class ${there} at the destination, and stays so; \`onConflict: replace\` moves it.`,
    subject: alias,
  };
}
