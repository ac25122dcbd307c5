import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import { HoldfastError } from '../../failure.ts';
import type { Census } from './census.ts';
import type { Alias } from './database.ts';
import { told } from '../../few.ts';
import { matches } from './glob.ts';

/**
 * The classes that a request names.
 * @throws INPUT_INVALID for what Weaviate cannot do, SELECTION_EMPTY
 */
export function chooseClasses(census: Census, request: RestoreRequest): Census['classes'] {
  const { select, rename, onConflict } = request;
  for (const key of ['organisations', 'buckets', 'databases', 'retentionPolicies'] as const) {
    if (select?.[key] === undefined) continue;
    throw new HoldfastError(
      'INPUT_INVALID',
      `\`select.${key}\` means nothing to weaviate, which has classes.`,
    );
  }
  if (rename !== undefined && Object.keys(rename).length > 0) {
    throw new HoldfastError(
      'INPUT_INVALID',
      'Weaviate restores a class under its own name only, so `rename` is impossible; restore `into` another target, or drop the class that has the name.',
    );
  }
  if (onConflict === 'rename') {
    throw new HoldfastError(
      'INPUT_INVALID',
      'Weaviate restores a class under its own name only, so `onConflict: rename` is impossible; use `fail` or `replace`, or restore `into` another target.',
    );
  }
  const wanted = select?.classes;
  if (!wanted) return census.classes;
  const names = census.classes.map(({ name }) => name);
  // The server takes an empty list for everything.
  if (wanted.length === 0) {
    throw new HoldfastError(
      'SELECTION_EMPTY',
      `\`select.classes\` names no class; the backup holds ${told(names)}.`,
    );
  }
  for (const pattern of wanted) {
    if (names.some((name) => matches(pattern, name))) continue;
    throw new HoldfastError(
      'SELECTION_EMPTY',
      `The backup holds no class "${pattern}"; it holds ${told(names)}.`,
    );
  }
  return census.classes.filter(({ name }) => wanted.some((pattern) => matches(pattern, name)));
}

/** What of the destination has a name that the restore needs. The server takes no two that differ only in case. */
export interface Conflicts {
  classes: { wanted: string; there: string }[];
  /** Aliases that bear the name of a class. */
  aliases: { wanted: string; there: Alias }[];
  /** Aliases of the backup that point to a class of the destination. */
  held: (Alias & { wanted: string })[];
  /** Classes that bear the name of an alias of the backup. */
  blocked: { alias: string; there: string }[];
}

export function findConflicts(
  chosen: Census['classes'],
  there: { classes: string[]; aliases: Alias[] },
): Conflicts {
  const classes = new Map(there.classes.map((name) => [name.toLowerCase(), name]));
  const aliases = new Map(there.aliases.map((one) => [one.alias.toLowerCase(), one]));
  const found: Conflicts = { classes: [], aliases: [], held: [], blocked: [] };
  for (const { name: wanted, aliases: own } of chosen) {
    const same = classes.get(wanted.toLowerCase());
    if (same !== undefined) found.classes.push({ wanted, there: same });
    const alias = aliases.get(wanted.toLowerCase());
    if (alias) found.aliases.push({ wanted, there: alias });
    for (const name of own) {
      const held = aliases.get(name.toLowerCase());
      if (held && held.class !== wanted) found.held.push({ ...held, wanted });
      const blocking = classes.get(name.toLowerCase());
      if (blocking !== undefined) found.blocked.push({ alias: name, there: blocking });
    }
  }
  return found;
}

/** @throws DESTINATION_EXISTS */
export function refuseConflicts(conflicts: Conflicts, replace: boolean, server: string): void {
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
