import type { Config, Target } from '../../activities/config/config.ts';
import { scheduleId } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { findSchedule, listSchedules, type FoundSchedule } from './find-schedules.ts';
import { factsOf, type Facts } from './settings.ts';

export interface Change {
  schedule: string;
  target: string;
  /** `leftover`: in Temporal and not in the file. `foreign`: somebody else's schedule has this id. */
  kind: 'create' | 'update' | 'unchanged' | 'leftover' | 'foreign';
  fields: { name: keyof Facts; from?: string; to?: string }[];
  /** Of one that is paused: the note about it, which may be empty. */
  paused?: string;
}

type Temporal = Pick<TemporalSession, 'client'>;

export type ScheduledTarget = Target & { schedule: NonNullable<Target['schedule']> };

export function scheduledTargets(config: Config): ScheduledTarget[] {
  return [...config.targets.values()].filter(
    (target): target is ScheduledTarget => target.schedule !== undefined,
  );
}

/** What would have to change in Temporal so that it is as the file says. */
export async function differences(session: Temporal, config: Config): Promise<Change[]> {
  const wanted = scheduledTargets(config);
  const changes = await Promise.all(
    wanted.map(async (target) => compare(target, await findSchedule(session, target.name))),
  );
  const names = new Set(wanted.map(({ name }) => name));
  const leftovers = (await listSchedules(session)).filter(({ target }) => !names.has(target));
  return [
    ...changes,
    ...leftovers.map(({ id, target }): Change => ({
      schedule: id,
      target,
      kind: 'leftover',
      fields: [],
    })),
  ];
}

function compare(target: ScheduledTarget, found: FoundSchedule | undefined): Change {
  const wanted = factsOf(target.name, target.schedule);
  const names = Object.keys(wanted) as (keyof Facts)[];
  const change = { schedule: scheduleId('backup', target.name), target: target.name };
  if (!found) {
    return { ...change, kind: 'create', fields: names.map((name) => ({ name, to: wanted[name] })) };
  }
  if (!found.own) return { ...change, kind: 'foreign', fields: [] };
  const fields = names
    .filter((name) => wanted[name] !== found.facts[name])
    .map((name) => ({ name, from: found.facts[name], to: wanted[name] }));
  const paused = found.paused ? { paused: found.note ?? '' } : {};
  return { ...change, kind: fields.length === 0 ? 'unchanged' : 'update', fields, ...paused };
}

const SIGNS = { create: '+', update: '~', unchanged: ' ', leftover: '?', foreign: '!' };

export function changeLines(changes: Change[]): string[] {
  return changes.flatMap(({ schedule, kind, fields, target, paused }) => [
    `${SIGNS[kind]} ${schedule}  ${remarkOn(kind, target)}${paused === undefined ? '' : '; it is paused and stays so'}`,
    ...fields.map(({ name, from, to }) =>
      from === undefined ? `    ${name}: ${to}` : `    ${name}: ${from} -> ${to}`,
    ),
  ]);
}

function remarkOn(kind: Change['kind'], target: string): string {
  if (kind === 'leftover') {
    return `not in the configuration; left alone (holdfast schedule remove ${target})`;
  }
  return kind === 'foreign' ? 'belongs to somebody else; not touched' : kind;
}
