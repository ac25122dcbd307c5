import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import { conduct } from './conduct.ts';
import type { CopyJob } from './contract/activities.ts';
import type { CopyReport, CopyRequest, Skipped } from './contract/operations.ts';
import { PAGES_IN_FLIGHT } from './contract/pages.ts';
import { inTime } from './deadline.ts';
import { failure } from './failure.ts';
import { leasing } from './leasing.ts';
import { eachPage } from './pages.ts';
import type { Run } from './run.ts';

const A_DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Copies what a product wrote by itself into the Holdfast store, so that it outlives the storage beside the database.
 * It needs no lock, since it changes nothing that exists. A cancel, or its end, leaves what is copied; another copy of
 * the same backup goes on from there.
 */
export async function copy(input: CopyRequest): Promise<CopyReport | Skipped> {
  return conduct('copy', async (run) => {
    const asked = await activities('ask', 'read the configuration').resolveCopy({ input });
    run.consider(asked);
    const job = await activities('ask', 'find the backup', asked.snapshot).findCopyBackup(asked);
    run.adopt(job);
    run.awaitCopy(workflowInfo().workflowId);
    const ms = job.snapshot.timeouts.copy ?? A_DAY_MS;
    return leasing(run, job, 'copy', () =>
      inTime(
        ms,
        () => overdue(job, ms),
        () => copyObjects(run, job),
      ),
    );
  });
}

async function copyObjects(run: Run, job: CopyJob): Promise<CopyReport> {
  const move = (summary: string, id?: string) => activities('move', summary, job.snapshot, id);
  run.enter('planning');
  const plan = await move(`plan of ${job.backup}`).planCopy(job);
  run.warn(...plan.warnings);

  run.expect(plan, plan.stored);
  run.enter('copying');
  // How many objects of a page are copied at a time is the page's own business: no database is read for them.
  await eachPage(plan.pages, PAGES_IN_FLIGHT, async (page, range, id) => {
    run.add(await move(`objects ${range} of ${plan.artifacts}`, id).copyPage({ job, page }), id);
  });

  run.enter('committing', false);
  const report = await CancellationScope.nonCancellable(() =>
    move('check everything, then commit').commitCopy(job),
  );
  run.awaitCopy(undefined);
  run.warn(...report.warnings);
  return { ...report, durationMs: run.elapsedMs };
}

function overdue({ backup, snapshot }: CopyJob, ms: number): Error {
  const hours = Math.round(ms / 360_000) / 10;
  return failure(
    'COPY_OVERDUE',
    `The copy of backup ${backup} of ${snapshot.target} has not ended within ${hours} hours (\`timeouts.copy\`): its ` +
      'bytes still lie beside the database alone.',
  );
}
