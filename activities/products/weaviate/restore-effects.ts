import type { RestorePlan } from '../../../workflows/contract/operations.ts';
import { few, told } from '../../few.ts';
import type { Alias } from './database.ts';
import type { ReplacedAccess } from './replaced-access.ts';
import type { Conflicts } from './restore-choice.ts';
import type { RestoreDetail } from './restore-detail.ts';

interface Planned {
  detail: RestoreDetail;
  conflicts: Conflicts;
  /** All that the destination has. */
  aliases: readonly Alias[];
  access: ReplacedAccess;
}

type Effects = Pick<RestorePlan, 'destructive' | 'creates' | 'replaces' | 'leaves' | 'bound'>;

/** What a restore does to the destination, for people. What concerns the whole server comes first: lists are cut off behind. */
export function effectsOf({ detail, conflicts, aliases, access }: Planned): Effects {
  const { classes, drops, overwriteAlias, users, roles, access: replacedAccess = [] } = detail;
  const dropped = new Set(drops.classes.map((name) => name.toLowerCase()));
  const isDropped = (name: string) => dropped.has(name.toLowerCase());
  const [moved, stays] = overwriteAlias ? [conflicts.held, []] : [[], conflicts.held];
  const present = new Set(aliases.map(({ alias }) => alias.toLowerCase()));
  const made = detail.aliases.filter(({ alias }) => !present.has(alias.toLowerCase()));
  const replaces = [
    ...replacedAccess,
    ...drops.classes.map((name) => `class ${name} (dropped before)`),
    ...drops.aliases.map((name) => `alias ${name} (dropped before)`),
    ...moved.map((one) => `alias ${one.alias} (moved from ${one.class})`),
  ];
  return {
    destructive: replaces.length > 0,
    creates: few([
      ...(users && !access.users ? ['users of the backup'] : []),
      ...(roles && !access.roles ? ['roles of the backup'] : []),
      ...classes.filter(({ name }) => !isDropped(name)).map(({ name }) => `class ${name}`),
      ...made.map((one) => `alias ${one.alias} of class ${one.class}`),
    ]),
    replaces: few(replaces),
    leaves: few([
      ...(users ? [] : ['users (not restored: `connection.users.restore`)']),
      ...(roles ? [] : ['roles (not restored: `connection.roles.restore`)']),
      ...stays.map((one) => `alias ${one.alias} (points to ${one.class} there)`),
    ]),
    bound: few([
      ...(access.own === undefined ? [] : [ownKey(access.own)]),
      ...(access.ownRoles ? [ownRights(access.ownRoles)] : []),
      ...aliases
        .filter((one) => isDropped(one.class))
        .map((one) => `alias ${one.alias} of class ${one.class}`),
    ]),
  };
}

function ownKey(user: string): string {
  return `the key of this target, of the user ${user}: unless the backup holds that user with the same key, the server knows it no more, and the run cannot see its own end`;
}

function ownRights({ user, roles }: NonNullable<ReplacedAccess['ownRoles']>): string {
  return `the rights of this target's key, which the user ${user} has by ${told(roles)}: unless the backup gives that user as many, the server refuses it from then on, and the run cannot see its own end`;
}
