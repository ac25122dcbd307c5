import { activities } from './activity-options.ts';
import type { BackupJob } from './contract/activities.ts';
import { eachPage } from './pages.ts';
import type { Run } from './run.ts';

/** Holdfast moves the bytes: the metadata at one moment, then the rest in parallel, page by page of the plan. */
export async function stream(run: Run, job: BackupJob): Promise<void> {
  const move = (summary: string, id?: string) => activities('move', summary, job.snapshot, id);

  run.enter('capturing metadata');
  const plan = await move('metadata and plan').captureBackup(job);
  run.warn(...plan.warnings);

  run.expect(plan, plan.stored);
  run.enter('streaming');
  const { concurrency } = job.snapshot.limits;
  await eachPage(plan.pages, concurrency, async (page, range, id, streams) => {
    const moving = move(`artifacts ${range} of ${plan.artifacts}`, id);
    run.add(await moving.transferPage({ job, page, streams }), id);
  });
}
