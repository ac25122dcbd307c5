import { z } from 'zod';
import type { JobReport } from '../delegated.ts';

const time = z.string();
const figure = z.number().int().nonnegative();

const job = {
  status: z.string(),
  created_at: time,
  /** Absent in one place, null in another, until it is complete. */
  completed_at: time.nullish(),
  total_files: figure.optional(),
  total_size_bytes: figure.optional(),
};

export const backupRecord = z.object({ name: z.string(), ...job });
export type BackupRecord = z.output<typeof backupRecord>;

export const restoreRecord = z.object({
  restore_id: z.string(),
  backup_name: z.string(),
  ...job,
});
export type RestoreRecord = z.output<typeof restoreRecord>;

/**
 * What a status means. The documents know three; `complete` stood there before `completed`, and no other word can be an
 * end: what is not known is still running, until somebody's patience ends.
 */
export function stateOf({ status }: { status: string }): Exclude<JobReport['state'], 'absent'> {
  if (status === 'completed' || status === 'complete') return 'succeeded';
  if (status === 'failed') return 'failed';
  if (status === 'cancelled' || status === 'canceled') return 'cancelled';
  return 'running';
}

/** The product's own words. It tells neither progress nor reasons. */
export function report(record: BackupRecord | RestoreRecord): JobReport {
  const { status, created_at, completed_at, total_files = 0, total_size_bytes = 0 } = record;
  const files = total_files > 0 ? `, ${total_files} files, ${total_size_bytes} bytes` : '';
  const ended = completed_at ? `, ended ${completed_at}` : '';
  return { state: stateOf(record), words: `${status} since ${created_at}${ended}${files}` };
}
