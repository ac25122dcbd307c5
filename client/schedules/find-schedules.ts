import { ScheduleNotFoundError, type ScheduleDescription } from '@temporalio/client';
import { didYouMean } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { scheduleId, TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { factsIn, type Facts } from './settings.ts';

export interface FoundSchedule {
  id: string;
  target: string;
  /** Its action is a backup of its target, as Holdfast makes it. Others' schedules are never touched. */
  own: boolean;
  facts: Facts;
  paused: boolean;
  note: string | undefined;
  next: Date | undefined;
  last: { at: Date; workflowId: string } | undefined;
}

const PREFIX = scheduleId('backup', '');

type Temporal = Pick<TemporalSession, 'client'>;

export async function findSchedule(
  { client }: Temporal,
  target: string,
): Promise<FoundSchedule | undefined> {
  try {
    const handle = client.schedule.getHandle(scheduleId('backup', target));
    return toSchedule(await handle.describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** @throws SCHEDULE_UNKNOWN, naming the nearest; CONFIRM_REQUIRED when it is somebody else's */
export async function requireSchedule(session: Temporal, target: string): Promise<FoundSchedule> {
  const found = await findSchedule(session, target);
  if (found?.own) return found;
  if (found) {
    throw new HoldfastError(
      'CONFIRM_REQUIRED',
      `The schedule ${found.id} was not made by Holdfast, so it is left alone.`,
      { hint: 'Use the Temporal CLI or UI if you mean it.' },
    );
  }
  const names = (await listSchedules(session)).map((schedule) => schedule.target);
  throw new HoldfastError(
    'SCHEDULE_UNKNOWN',
    `There is no schedule ${scheduleId('backup', target)} in Temporal.${didYouMean(target, names)}`,
  );
}

/** The schedules that Holdfast made, by target. */
export async function listSchedules(session: Temporal): Promise<FoundSchedule[]> {
  const found: FoundSchedule[] = [];
  for await (const { scheduleId: id } of session.client.schedule.list()) {
    if (!id.startsWith(PREFIX)) continue;
    const schedule = await findSchedule(session, id.slice(PREFIX.length));
    if (schedule?.own) found.push(schedule);
  }
  return found.sort((one, other) => one.target.localeCompare(other.target));
}

function toSchedule(description: ScheduleDescription): FoundSchedule {
  const { scheduleId: id, action, state, info } = description;
  const target = id.slice(PREFIX.length);
  const [input] = (action.args ?? []) as { target?: unknown }[];
  const last = info.recentActions.at(-1);
  return {
    id,
    target,
    own:
      action.workflowType === 'backup' &&
      action.taskQueue === TASK_QUEUE &&
      input?.target === target,
    facts: factsIn(description),
    paused: state.paused,
    note: state.note || undefined,
    next: info.nextActionTimes[0],
    last: last && { at: last.takenAt, workflowId: last.action.workflow.workflowId },
  };
}
