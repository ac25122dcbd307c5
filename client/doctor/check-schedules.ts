import type { Config } from '../../activities/config/config.ts';
import { type Change, differences } from '../schedules/difference.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import type { Check } from './check.ts';

/** That Temporal will begin what the file schedules: a schedule that was never applied makes no backup, and no noise. */
export async function checkSchedules(session: TemporalSession, config: Config): Promise<Check[]> {
  return (await differences(session, config)).map((change) => ({
    area: 'schedules',
    subject: change.target,
    ...SAYINGS[change.kind](change),
  }));
}

type Saying = Pick<Check, 'level' | 'message' | 'hint'>;

const SAYINGS: Record<Change['kind'], (change: Change) => Saying> = {
  create: () => ({
    level: 'problem',
    message: 'not in Temporal, so no backup is begun by it',
    hint: 'Make it with `holdfast schedule apply`.',
  }),
  update: ({ fields, paused }) => ({
    level: 'problem',
    message: `differs in Temporal: ${fields.map(({ name }) => name).join(', ')}${paused === undefined ? '' : `; it is ${pausedBy(paused)}`}`,
    hint: '`holdfast schedule apply --dry-run` shows how; without the option it makes it as the file says.',
  }),
  unchanged: ({ target, paused }) =>
    paused === undefined
      ? { level: 'ok', message: 'as configured' }
      : {
          level: 'problem',
          message: `${pausedBy(paused)}, so no backup is begun by it, but for those that a backfill asked for`,
          hint: `When its reason has gone: holdfast schedule resume ${target}`,
        },
  leftover: ({ target }) => ({
    level: 'note',
    message: 'in Temporal, and not in this file',
    hint: `If nobody else's file has it: holdfast schedule remove ${target}`,
  }),
  foreign: ({ schedule }) => ({
    level: 'problem',
    message: `the schedule ${schedule} in Temporal belongs to somebody else, so no backup is begun by it`,
    hint: 'Rename the target, or have its owner give that schedule another id.',
  }),
};

function pausedBy(note: string): string {
  return note === '' ? 'paused' : `paused: ${note}`;
}
