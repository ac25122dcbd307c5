import type { Config } from '../../activities/config/config.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { told } from '../../activities/few.ts';
import { asHoldfastError } from '../failures.ts';
import { connectTemporal, type TemporalSession } from '../temporal/connect.ts';
import { isForbidden } from '../temporal/refusal.ts';
import {
  areUsable,
  mistypedSentence,
  registrationCommand,
  removalCommand,
  unusableSearchAttributes,
} from '../temporal/search-attributes.ts';
import { pollersOf } from '../temporal/workers.ts';
import { plural } from '../terminal/figures.ts';
import type { Output } from '../terminal/output.ts';
import { checkConfigurations } from './check-configurations.ts';
import { checkSchedules } from './check-schedules.ts';
import type { Check } from './check.ts';
import { waitingRuns } from './waiting-runs.ts';

/** Reachable, its version, our namespace, the search attributes, a worker on every queue that is needed, the schedules. */
export async function checkTemporal(config: Config, output: Output): Promise<Check[]> {
  let session: TemporalSession;
  try {
    session = await connectTemporal(config.temporal);
  } catch (error) {
    return [broken(error, config.temporal.address ?? 'server')];
  }
  try {
    const server = await reachable(session);
    const waiting = await waitingRuns(session).catch(() => new Map<string, never[]>());
    const queues = new Set([...queuesOf(config), ...waiting.keys()]);
    return [
      server,
      ...(await attributes(session)),
      ...(await Promise.all(
        [...queues].map((queue) => workers(session, queue, waiting.get(queue) ?? [])),
      )),
      ...(
        await Promise.all([...queues].map((queue) => checkConfigurations(session, queue, output)))
      ).flat(),
      ...(await checkSchedules(session, config).catch((error: unknown) => [
        unlisted(error, session),
      ])),
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

/** Who may not list schedules can do everything else. */
function unlisted(error: unknown, { address }: TemporalSession): Check {
  const message = `cannot be looked at: ${asHoldfastError(error).message}`;
  return { area: 'schedules', subject: address, level: 'note', message };
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

async function attributes(session: TemporalSession): Promise<Check[]> {
  const check = { area: 'temporal', subject: 'search attributes' } as const;
  const unusable = await unusableSearchAttributes(session).catch((error: unknown) => {
    if (isForbidden(error)) return undefined;
    throw error;
  });
  if (!unusable) {
    const message = 'may not be listed with these credentials, so runs set none of them';
    const hint = 'Allow the call `ListSearchAttributes`, if runs shall be found by them.';
    return [{ ...check, level: 'note', message, hint }];
  }
  const { missing, mistyped } = unusable;
  if (areUsable(unusable)) return [{ ...check, level: 'ok', message: 'registered' }];
  const problem = { ...check, level: 'problem' } as const;
  const checks: Check[] = [];
  if (missing.length > 0) {
    checks.push({
      ...problem,
      message: `not registered: ${missing.join(', ')}. Runs work, but cannot be filtered by them.`,
      hint: `A worker registers them when it may. The command: ${registrationCommand(session, missing)}`,
    });
  }
  if (mistyped.length > 0) {
    checks.push({
      ...problem,
      message: `${mistypedSentence(unusable)}. Runs work, but set none of them and cannot be filtered by them.`,
      hint: `If nothing else uses them, remove them; a worker that starts registers them anew. The command: ${removalCommand(session, unusable)}`,
    });
  }
  return checks;
}

async function workers(session: TemporalSession, queue: string, waiting: string[]): Promise<Check> {
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
    message: `no worker polls it, so its runs wait${waiting.length > 0 ? `: ${told(waiting)}` : ''}`,
    hint: `Start \`holdfast worker${command}\`.`,
  };
}

function queuesOf(config: Config): string[] {
  const named = [...config.targets.values()].map(({ taskQueue }) => taskQueue);
  return [...new Set([TASK_QUEUE, ...named])];
}
