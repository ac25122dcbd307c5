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
  await eachPage(plan.pages, async (page, range, id) => {
    run.add(
      await move(`artifacts ${range} of ${plan.artifacts}`, id).transferPage({ job, page }),
      id,
    );
  });
}
