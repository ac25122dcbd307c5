import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';
import { HoldfastError } from '../../failure.ts';
import type { Connection } from './config.ts';
import type { WeaviateClass } from './database.ts';
import { isPattern, matches, selectClasses } from './glob.ts';

/**
 * The names of the classes that a target backs up.
 * @throws SELECTION_EMPTY
 */
export function requireClasses(
  classes: WeaviateClass[],
  connection: Connection,
  server: string,
): string[] {
  const all = classes.map(({ name }) => name);
  if (all.length === 0) {
    throw new HoldfastError(
      'SELECTION_EMPTY',
      `${server} has no class, so there is nothing to back up.`,
      {
        hint: 'Check `connection.url`, or wait until the database is filled; a restore into it can do without a safety backup (`safetyBackup: false`).',
      },
    );
  }
  const chosen = selectClasses(all, connection);
  if (chosen.length > 0) return chosen;
  throw new HoldfastError(
    'SELECTION_EMPTY',
    `${server}: \`include\` and \`exclude\` of \`connection\` leave nothing of its classes ${told(all)}.`,
    { hint: 'Correct `include` or `exclude` in the configuration.' },
  );
}

/**
 * `include` without classes that are not there: the server refuses a backup that names one, and would leave the others
 * without a backup. Never empty, which would mean all to it.
 * @throws SELECTION_EMPTY
 */
export function includedNow(
  classes: WeaviateClass[],
  connection: Connection,
  server: string,
): string[] | undefined {
  if (!connection.include) return undefined;
  const chosen = requireClasses(classes, connection, server);
  return connection.include.filter((name) => isPattern(name) || chosen.includes(name));
}

/** A class that was renamed or dropped, or mistyped. What `exclude` is to keep out by a pattern may well not be there. */
export function missingClasses(
  classes: WeaviateClass[],
  { include = [], exclude = [] }: Connection,
): Warning[] {
  const isThere = (wanted: string) => classes.some(({ name }) => matches(wanted, name));
  const missing = (key: string, names: string[], so: string) =>
    names
      .filter((name) => !isThere(name))
      .map((name) => ({
        code: 'SELECTION_MISSING',
        message: `The server has no class ${isPattern(name) ? 'like ' : ''}"${name}", which \`connection.${key}\` names: ${so}. If it was renamed or removed, correct the configuration.`,
        subject: name,
      }));
  return [
    ...missing('include', include, 'nothing of it is backed up'),
    ...missing(
      'exclude',
      exclude.filter((name) => !isPattern(name)),
      'nothing is left out for it',
    ),
  ];
}
