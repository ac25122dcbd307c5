import { activities } from './activity-options.ts';
import type { RestoreJob, RestoreTotals } from './contract/activities.ts';
import type { RestorePlan } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { heedCancel } from './heed-cancel.ts';
import { eachPage } from './pages.ts';
import { nothingProven, requireProof } from './proof.ts';
import type { Run } from './run.ts';

const MOST_WARNINGS = 20;

/**
 * Holdfast moves the bytes: each artifact is written and read back. Nobody sees any of it before all is proven.
 * @returns what was proven
 * @throws RESTORE_NOT_PROVEN
 */
export async function restoreArtifacts(
  run: Run,
  job: RestoreJob,
  plan: RestorePlan,
  pages: number[],
): Promise<RestoreTotals> {
  const move = (summary: string, id?: string) => activities('move', summary, job.destination, id);
  const totals = nothingProven();
  const warned: Warning[] = [];

  run.enter('preparing', true);
  await move('create what the data goes into').prepareRestore(job);

  run.expect(plan);
  run.enter('restoring and proving');
  const { concurrency } = job.destination.limits;
  await eachPage(pages, concurrency, async (page, range, id, streams) => {
    const part = await move(`artifacts ${range} of ${plan.artifacts}`, id).restorePage({
      job,
      page,
      streams,
    });
    run.add(part, id);
    tally(totals, part);
    warned.push(...(part.warnings ?? []));
  });
  run.warn(...few(warned));
  requireProof(totals, true);
  heedCancel();
  return totals;
}

/** Thousands of shards may have one each. */
function few(warnings: Warning[]): Warning[] {
  const [first] = warnings;
  if (first === undefined || warnings.length <= MOST_WARNINGS) return warnings;
  const message = `The same is to be said of ${warnings.length - MOST_WARNINGS} more.`;
  return [...warnings.slice(0, MOST_WARNINGS), { code: first.code, message }];
}

function tally(totals: RestoreTotals, part: RestoreTotals): void {
  totals.artifacts += part.artifacts;
  totals.bytes += part.bytes;
  totals.identical += part.identical;
  totals.equivalent += part.equivalent;
  totals.failed.count += part.failed.count;
  totals.failed.subjects = [...totals.failed.subjects, ...part.failed.subjects].slice(0, 20);
}
