import { ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { scheduleId, TASK_QUEUE, workflowId } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { areSearchable, keywords } from '../temporal/search-attributes.ts';
import type { ScheduledTarget } from './difference.ts';
import { inputOf, OVERLAP_POLICIES } from './settings.ts';

/** Creates the schedule of a target, or makes it as the configuration says. A paused one stays paused. */
export async function applySchedule(
  session: TemporalSession,
  target: ScheduledTarget,
): Promise<void> {
  const { schedule } = session.client;
  const options = await optionsOf(session, target);
  try {
    await schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    await schedule.getHandle(options.scheduleId).update(({ state: { paused, note } }) => ({
      spec,
      action,
      ...(policies ? { policies } : {}),
      state: { paused, ...(note === undefined ? {} : { note }) },
    }));
  }
}

async function optionsOf(
  session: TemporalSession,
  { name, product, store, schedule }: ScheduledTarget,
): Promise<ScheduleOptions> {
  const searchable = await areSearchable(session);
  return {
    scheduleId: scheduleId('backup', name),
    spec: {
      cronExpressions: [schedule.cron],
      timezone: schedule.timeZone,
      ...(schedule.jitter > 0 ? { jitter: schedule.jitter } : {}),
    },
    policies: {
      overlap: OVERLAP_POLICIES[schedule.overlap],
      catchupWindow: schedule.catchUp,
      pauseOnFailure: schedule.pauseOnFailure,
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'backup',
      workflowId: workflowId('backup', name, 'scheduled'),
      taskQueue: TASK_QUEUE,
      args: [inputOf(name)],
      memo: { cron: schedule.cron },
      staticSummary: `scheduled backup of ${name}`,
      // One that is unregistered, or of another type, would make every start fail.
      ...(searchable
        ? {
            typedSearchAttributes: keywords({
              HoldfastTarget: name,
              HoldfastProduct: product,
              HoldfastStore: store,
            }),
          }
        : {}),
    },
  };
}
