import type { WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { QUERY } from '../../workflows/contract/names.ts';
import type { Figures, Progress } from '../../workflows/contract/progress.ts';
import type { TemporalSession } from '../temporal/connect.ts';

/** A run as it is now: what Temporal knows, what the run says of itself, what its activities last told. */
export interface Observation {
  status: WorkflowExecutionDescription['status']['name'];
  startedAt: Date;
  closedAt: Date | undefined;
  /** The queue on which its own steps wait for a worker, as whoever started it chose. */
  taskQueue: string;
  /** No worker has taken it up yet. */
  untouched: boolean;
  /** Undefined when no worker answered in time. */
  progress: Progress | undefined;
  pending: PendingActivity[];
}

export interface PendingActivity {
  id: string;
  type: string;
  taskQueue: string | undefined;
  running: boolean;
  attempt: number;
  lastError: string | undefined;
  /** When its attempt was, or will be, there to be taken. */
  scheduledAt: Date | undefined;
  figures: Figures | undefined;
}

const QUERY_MS = 3_000;
/** Started and scheduled: what a history holds before a worker adds to it. */
const UNTOUCHED_EVENTS = 2;
const STARTED = 2;

/** @throws WorkflowNotFoundError, ServiceError */
export async function observe(
  session: TemporalSession,
  workflowId: string,
  runId?: string,
): Promise<Observation> {
  const handle = session.client.workflow.getHandle(workflowId, runId);
  const description = await handle.describe();
  const running = description.status.name === 'RUNNING';
  const untouched = running && description.historyLength <= UNTOUCHED_EVENTS;
  return {
    status: description.status.name,
    startedAt: description.startTime,
    closedAt: description.closeTime,
    taskQueue: description.taskQueue,
    untouched,
    progress: running && !untouched ? await progressOf(session, workflowId, runId) : undefined,
    pending: await pendingOf(session, description),
  };
}

/** What the run says of itself, also after its end; undefined when no worker answers in time. */
export async function progressOf(
  { client, connection }: TemporalSession,
  workflowId: string,
  runId?: string,
): Promise<Progress | undefined> {
  try {
    return await connection.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId, runId).query<Progress>(QUERY.progress),
    );
  } catch {
    // Nobody answers, or the run has just ended: the next look tells which.
    return undefined;
  }
}

export function pendingOf(
  { client }: TemporalSession,
  { raw }: WorkflowExecutionDescription,
): Promise<PendingActivity[]> {
  return Promise.all(
    (raw.pendingActivities ?? []).map(async (activity) => {
      const details = await decodeArrayFromPayloads(
        client.options.loadedDataConverter,
        activity.heartbeatDetails?.payloads,
      ).catch(() => []);
      return {
        id: activity.activityId ?? '',
        type: activity.activityType?.name ?? 'activity',
        taskQueue: activity.activityOptions?.taskQueue?.name ?? undefined,
        running: Number(activity.state) === STARTED,
        attempt: activity.attempt ?? 1,
        lastError: activity.lastFailure?.message ?? undefined,
        scheduledAt: dateOf(activity.scheduledTime),
        figures: details[0] as Figures | undefined,
      };
    }),
  );
}

function dateOf(time: { seconds?: unknown } | null | undefined): Date | undefined {
  return time ? new Date(Number(time.seconds ?? 0) * 1000) : undefined;
}
