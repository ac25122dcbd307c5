import { activities } from './activity-options.ts';
import type { RestoreJob, RestoreTotals } from './contract/activities.ts';
import type { RestorePlan } from './contract/operations.ts';
import { failure } from './failure.ts';
import { eachPage } from './pages.ts';
import { requireProof } from './proof.ts';
import type { Run } from './run.ts';

/**
 * The product restores by itself: its objects are put back where it expects them, unless they are there; it is asked
 * to begin and followed to the end of its job; and then what came back is compared with what was recorded.
 * @param onReached told of what cannot be taken back: the product may restore, and it has restored
 * @returns what was proven
 * @throws RESTORE_NOT_PROVEN
 */
export async function restoreByProduct(
  run: Run,
  job: RestoreJob,
  plan: RestorePlan,
  pages: number[],
  onReached: (milestone: 'asked' | 'restored') => void,
): Promise<RestoreTotals> {
  const { destination } = job;
  const move = (summary: string, id?: string) => activities('move', summary, destination, id);

  if (pages.length > 0) {
    run.expect({ artifacts: pages.reduce((sum, size) => sum + size, 0) });
    run.enter('putting the objects back for the product', true);
    const { concurrency } = destination.limits;
    await eachPage(pages, concurrency, async (page, range, id, streams) => {
      run.add(await move(`objects ${range}`, id).stagePage({ job, page, streams }), id);
    });
  }

  run.enter('having the product begin', true);
  onReached('asked');
  await move(`have ${destination.target} begin`).startRestoreJob(job);
  run.enter('the product restores');
  const end = await activities('wait', 'the product’s own restore', destination).followRestoreJob(
    job,
  );
  if (end.state !== 'succeeded') throw notRestored(job, end.words);
  onReached('restored');

  run.expect(plan);
  run.enter('proving');
  const { totals, warnings } = await move('compare what came back').proveRestoreJob(job);
  run.warn(...warnings);
  requireProof(totals, false);
  run.expect(plan, totals);
  return totals;
}

function notRestored({ backup, destination }: RestoreJob, words: string) {
  return failure(
    'JOB_FAILED',
    `${destination.target} did not restore backup ${backup}: it says “${words}”.`,
  );
}
