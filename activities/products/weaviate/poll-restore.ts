import type { JobReport, PlannedJob } from '../delegated.ts';
import { told } from '../../few.ts';
import { report } from './job-status.ts';
import { detailOf, stateFrom } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { whoseRestore } from './whose-restore.ts';

/** A restore that was accepted shows itself before the answer to that, unless another node answers. */
const SHOWS_WITHIN_MS = 30_000;

/**
 * What the server says of this restore, and not of an earlier one of the same backup, whose end it goes on to tell. A
 * failed one names what came in nevertheless.
 */
export async function pollRestore(
  weaviate: Weaviate,
  plan: PlannedJob,
  state: Record<string, unknown>,
): Promise<JobReport> {
  const accepted = stateFrom(state);
  const { whose, startedAt } = await whoseRestore(weaviate, plan, accepted);
  if (whose === 'superseded') {
    return {
      state: 'failed',
      words: `another restore of the same backup, which this run did not begin, began at ${startedAt}, so that the end of this one is not told any more`,
    };
  }
  const says = report(await weaviate.api.restoreStatus(plan.name));
  if (whose === 'ours') return says.state === 'failed' ? withRestored(weaviate, plan, says) : says;
  if (!accepted) return { state: 'absent', words: 'not begun' };
  // The server restores one backup at a time, and has accepted this one.
  if (says.state === 'running' && says.words !== 'CANCELLING') return says;
  const patienceMs = Math.min(SHOWS_WITHIN_MS, weaviate.stallMs);
  if (Date.now() - Date.parse(accepted.acceptedAt) < patienceMs) {
    return { state: 'running', words: 'accepted, not begun yet' };
  }
  return { state: 'failed', words: 'the server accepted the restore and never began it' };
}

async function withRestored(
  { database }: Weaviate,
  plan: PlannedJob,
  failed: JobReport,
): Promise<JobReport> {
  const present = new Set((await database.classes()).map(({ name }) => name));
  const { classes } = detailOf(plan);
  const there = classes.map(({ name }) => name).filter((name) => present.has(name));
  return {
    ...failed,
    words: `${failed.words}; of ${classes.length} classes these are there: ${told(there)}`,
  };
}
