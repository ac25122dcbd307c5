import type { WorkflowHandle } from '@temporalio/client';

/** What the Temporal UI shows beside the activities and timers of a run. */
export function summariesIn({
  events,
}: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>): string[] {
  return (events ?? []).flatMap(({ userMetadata }) => {
    const data = userMetadata?.summary?.data;
    return data ? [JSON.parse(Buffer.from(data).toString()) as string] : [];
  });
}
