import { told } from '../../few.ts';
import { HoldfastError } from '../../failure.ts';
import type { PlannedJob } from '../delegated.ts';
import type { Alias, WeaviateClass } from './database.ts';
import type { Conflicts } from './restore-choice.ts';
import { detailOf, type RestoreDetail } from './restore-detail.ts';
import type { Weaviate } from './session.ts';

/** What a restore drops or moves of the destination's aliases. One whose class is gone already is no loss. */
export function takenAliases(
  { aliases, held }: Conflicts,
  live: readonly WeaviateClass[],
  overwriteAlias: boolean,
): Alias[] {
  const there = new Set(live.map(({ name }) => name));
  const taken = [...aliases.map((one) => one.there), ...(overwriteAlias ? held : [])];
  return taken
    .filter((one) => there.has(one.class))
    .map(({ alias, class: target }) => ({ alias, class: target }));
}

/**
 * Those that have to go and are there still. Hours may lie between a plan and its beginning, and what nobody agreed to
 * lose is not taken.
 * @throws DESTINATION_CHANGED when one was made to point elsewhere since the plan
 */
export async function aliasesInTheWay(
  { database, client }: Weaviate,
  plan: PlannedJob,
): Promise<string[]> {
  const detail = detailOf(plan);
  const { taken = [], drops } = detail;
  if (taken.length + drops.aliases.length === 0) return [];
  const live = await database.aliases();
  const moved = live.filter((now) => {
    const before = taken.find(({ alias }) => alias === now.alias);
    return before && before.class !== now.class && !isOfRestore(now, detail);
  });
  if (moved.length === 0) {
    return drops.aliases.filter((name) => live.some(({ alias }) => alias === name));
  }
  throw new HoldfastError(
    'DESTINATION_CHANGED',
    `${client.server}: the aliases ${toldAliases(moved)} point elsewhere than when the restore was planned: somebody else moved them since, and they are not taken.`,
    { hint: 'Restore again: the plan then tells of them as they are.' },
  );
}

export function toldAliases(aliases: readonly Alias[]): string {
  return told(aliases.map((one) => `${one.alias} (of class ${one.class})`));
}

interface Undoing {
  /** Whether it may have moved any, and not only dropped. */
  begun: boolean;
  /** Classes that the restore made and that stay. */
  kept: ReadonlySet<string>;
  /** Classes that somebody else made. */
  others: ReadonlySet<string>;
}

/** Lets them point again to where they did, unless somebody else has decided otherwise since. */
export async function putAliasesBack(
  { database }: Weaviate,
  plan: PlannedJob,
  { begun, kept, others }: Undoing,
): Promise<{ left: string[]; lost: string[] }> {
  const detail = detailOf(plan);
  const found = { left: [] as string[], lost: [] as string[] };
  const { taken = [] } = detail;
  if (taken.length === 0) return found;
  const classes = new Set((await database.classes()).map(({ name }) => name));
  const live = new Map((await database.aliases()).map((one) => [one.alias, one.class]));
  for (const before of taken) {
    const { alias, class: target } = before;
    const now = live.get(alias);
    const mayBeOurs = now === undefined || (begun && isOfRestore({ alias, class: now }, detail));
    if (now === target || !mayBeOurs || (now !== undefined && others.has(now))) continue;
    if (now !== undefined && kept.has(now)) {
      found.left.push(`alias ${alias} (of class ${now} now, of class ${target} before)`);
      continue;
    }
    const name = `alias ${alias} of class ${target}`;
    if (!classes.has(target)) found.lost.push(`${name} (which is not there either)`);
    else if (classes.has(alias)) found.lost.push(`${name} (a class bears its name now)`);
    else {
      const refused = await refusalOf(() => database.pointAlias(before, now !== undefined));
      if (refused !== undefined) found.lost.push(`${name} (${refused})`);
    }
  }
  return found;
}

/** Whether it points to where the backup says. */
function isOfRestore({ alias, class: target }: Alias, { aliases }: RestoreDetail): boolean {
  return aliases.some((one) => one.alias === alias && one.class === target);
}

async function refusalOf(ask: () => Promise<void>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.retryable) throw error;
    return error.message;
  }
}
