import type { JobReport } from '../delegated.ts';
import type { JobStatus } from './backup-api.ts';

const ENDS: Record<string, JobReport['state']> = {
  SUCCESS: 'succeeded',
  FAILED: 'failed',
  CANCELED: 'cancelled',
  CANCELLED: 'cancelled',
};

/** Whether a restore is at the stage in which no class was made yet. */
export function isBeforeSchema(status: JobStatus | undefined): boolean {
  return status?.status === 'STARTED' || status?.status === 'TRANSFERRING';
}

/** A word that is not known is one of a later version, for something under way. */
export function stateOf({ status }: Pick<JobStatus, 'status'>): JobReport['state'] {
  return ENDS[status] ?? 'running';
}

export function report(status: JobStatus | undefined): JobReport {
  if (!status) return { state: 'absent', words: 'no such job' };
  const { error } = status;
  return { state: stateOf(status), words: error ? `${status.status}: ${error}` : status.status };
}

/** The server says the year 1 for a time that has not come. */
export function timeOf(text: string | null | undefined): Date | undefined {
  if (!text || text.startsWith('0001-')) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
