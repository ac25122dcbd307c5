import type { Config } from '../../activities/config/config.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { asHoldfastError } from '../failures.ts';
import { connectTemporal, type TemporalSession } from '../temporal/connect.ts';
import { missingSearchAttributes, registrationCommand } from '../temporal/search-attributes.ts';
import { pollersOf } from '../temporal/workers.ts';
import { plural } from '../terminal/figures.ts';
import type { Check } from './check.ts';

/** Reachable, its version, our namespace, the search attributes, and a worker on every queue that is needed. */
export async function checkTemporal(config: Config): Promise<Check[]> {
  let session: TemporalSession;
  try {
    session = await connectTemporal(config.temporal);
  } catch (error) {
    return [broken(error, config.temporal.address ?? 'server')];
  }
  try {
    return [
      await reachable(session),
      await attributes(session),
      ...(await Promise.all(queuesOf(config).map((queue) => workers(session, queue)))),
    ];
  } catch (error) {
    return [broken(error, session.address)];
  } finally {
    await session.connection.close();
  }
}

function broken(error: unknown, subject: string): Check {
  const { message, hint } = asHoldfastError(error);
  return { area: 'temporal', subject, level: 'problem', message, hint };
}

async function reachable({ connection, namespace, address }: TemporalSession): Promise<Check> {
  const { serverVersion } = await connection.workflowService.getClusterInfo({});
  await connection.workflowService.describeNamespace({ namespace });
  return {
    area: 'temporal',
    subject: address,
    level: 'ok',
    message: `version ${serverVersion || 'unknown'}, namespace ${namespace}`,
  };
}

async function attributes(session: TemporalSession): Promise<Check> {
  const missing = await missingSearchAttributes(session);
  const check = { area: 'temporal', subject: 'search attributes' } as const;
  if (missing.length === 0) return { ...check, level: 'ok', message: 'registered' };
  return {
    ...check,
    level: 'problem',
    message: `not registered: ${missing.join(', ')}. Runs work, but cannot be filtered by them.`,
    hint: `A worker registers them when it may. The command: ${registrationCommand(session, missing)}`,
  };
}

async function workers(session: TemporalSession, queue: string): Promise<Check> {
  const subject = `task queue ${queue}`;
  const [forActivities, forWorkflows] = await Promise.all([
    pollersOf(session, queue, 'activity'),
    queue === TASK_QUEUE ? pollersOf(session, queue, 'workflow') : undefined,
  ]);
  const found = Math.min(forActivities.length, forWorkflows?.length ?? Number.POSITIVE_INFINITY);
  if (found > 0) {
    return { area: 'temporal', subject, level: 'ok', message: plural(found, 'worker') };
  }
  if (forWorkflows?.length) {
    const message = `${plural(forWorkflows.length, 'worker')}, with no place left for more work`;
    const hint = 'Start another `holdfast worker`, or let schedules begin at other times.';
    return { area: 'temporal', subject, level: 'note', message, hint };
  }
  const command = queue === TASK_QUEUE ? '' : ` --task-queue ${queue}`;
  return {
    area: 'temporal',
    subject,
    level: 'problem',
    message: 'no worker polls it, so its runs wait',
    hint: `Start \`holdfast worker${command}\`.`,
  };
}

function queuesOf(config: Config): string[] {
  const named = [...config.targets.values()].map(({ taskQueue }) => taskQueue);
  return [...new Set([TASK_QUEUE, ...named])];
}
