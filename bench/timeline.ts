import type { WorkflowHandle } from '@temporalio/client';

/** When each activity of a run was asked for, begun and over, in seconds since the run began: what it waits for. */
export async function timeline(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  const since = secondsOf(events?.[0]?.eventTime);
  const asked = new Map<string, { name: string; at: number; begun: number }>();
  const lines: string[] = [];
  for (const event of events ?? []) {
    const at = secondsOf(event.eventTime) - since;
    const {
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskStartedEventAttributes: started,
      activityTaskCompletedEventAttributes: completed,
    } = event;
    if (scheduled) {
      asked.set(String(event.eventId), {
        name: scheduled.activityType?.name ?? '?',
        at,
        begun: at,
      });
    }
    const begins = started && asked.get(String(started.scheduledEventId));
    if (begins) begins.begun = at;
    const ends = completed && asked.get(String(completed.scheduledEventId));
    if (ends) {
      const times = [ends.at, ends.begun, at].map((time) => time.toFixed(2).padStart(7));
      lines.push(`${times.join(' ')}  ${ends.name}`);
    }
    if (event.workflowExecutionCompletedEventAttributes) lines.push(`${at.toFixed(2)} over`);
  }
  return lines;
}

function secondsOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) + (time?.nanos ?? 0) / 1e9;
}
