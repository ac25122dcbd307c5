import { Context } from '@temporalio/activity';
import type { BackupJob, Job } from '../workflows/contract/activities.ts';
import { backupId } from '../workflows/contract/names.ts';
import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import type { Dependencies } from './dependencies.ts';
import { ownExecution } from './locks/own-execution.ts';

export interface RunFacts {
  run: BackupJob['run'];
  startedAt: string;
  searchable: boolean;
}

/**
 * What Temporal knows of the run that asks. It began when a worker took it up: it may have waited for one for hours. The
 * time is Temporal's, so that a retry finds the same.
 */
export async function runFacts(deps: Dependencies): Promise<RunFacts> {
  const { workflowId, runId } = ownExecution();
  return {
    run: { workflowId, runId, namespace: deps.client.options.namespace, cluster: deps.cluster },
    startedAt: new Date(Context.current().info.scheduledTimestampMs).toISOString(),
    searchable: await deps.searchable(),
  };
}

export function backupJob(
  snapshot: TargetSnapshot,
  facts: RunFacts,
  extra: Partial<Pick<BackupJob, 'scheduledAt' | 'note' | 'tags' | 'full'>> = {},
): BackupJob {
  const { scheduledAt, note = null, tags = {}, full } = extra;
  return {
    ...facts,
    snapshot,
    backup: backupId(timeOfName(facts.startedAt, scheduledAt), facts.run.runId),
    ...(scheduledAt ? { scheduledAt } : {}),
    note,
    tags,
    ...(full ? { full } : {}),
    warnings: searchWarning(facts),
  };
}

/** More than the jitter of most schedules, and than a busy server needs. */
const PUNCTUAL_MS = 15 * 60_000;

/**
 * Names sort backups by age. What is made up for long after its time (a backfill, the catching-up after an outage) holds
 * what was there then, so it must not stand before what was backed up in between; and what a backfill begins before its
 * time must not stand after what is backed up until then.
 */
function timeOfName(startedAt: string, scheduledAt = startedAt): Date {
  const [started, scheduled] = [new Date(startedAt), new Date(scheduledAt)];
  const lateMs = started.getTime() - scheduled.getTime();
  return lateMs < 0 || lateMs > PUNCTUAL_MS ? started : scheduled;
}

export function searchWarning({ searchable }: Pick<Job, 'searchable'>): Job['warnings'] {
  if (searchable) return [];
  return [
    {
      code: 'SEARCH_ATTRIBUTES_MISSING',
      message:
        'The search attributes of Holdfast are not all registered in this namespace with their types, or the worker may not list them, so runs cannot be filtered by them; ' +
        '`holdfast doctor` says what to do.',
    },
  ];
}
