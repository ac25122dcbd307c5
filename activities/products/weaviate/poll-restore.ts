import { HoldfastError } from '../../failure.ts';
import type { JobReport, PlannedJob } from '../delegated.ts';
import { told } from '../../few.ts';
import { report } from './job-status.ts';
import { lifeOf } from './lost-restore.ts';
import { makersOf } from './made-by.ts';
import { STOP_WRITERS } from './replaced-classes.ts';
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
  if (whose === 'ours') {
    const now = await unlessLost(weaviate, plan, says);
    return now.state === 'failed' ? withRestored(weaviate, plan, now) : now;
  }
  if (!accepted) return { state: 'absent', words: 'not begun' };
  // The server restores one backup at a time, and has accepted this one.
  if (says.state === 'running' && says.words !== 'CANCELLING') return says;
  const patienceMs = Math.min(SHOWS_WITHIN_MS, weaviate.stallMs);
  if (Date.now() - Date.parse(accepted.acceptedAt) < patienceMs) {
    return { state: 'running', words: 'accepted, not begun yet' };
  }
  return { state: 'failed', words: 'the server accepted the restore and never began it' };
}

/** A server that died meanwhile says for ever what it wrote down at the beginning. */
async function unlessLost(
  weaviate: Weaviate,
  { name }: PlannedJob,
  says: JobReport,
): Promise<JobReport> {
  // What is being cancelled ends in several steps, of which not every one is remembered.
  if (says.state !== 'running' || says.words === 'CANCELLING') return says;
  if ((await lifeOf(weaviate, name)) !== 'lost') return says;
  // Its end is written down before it is forgotten.
  const now = report(await weaviate.api.restoreStatus(name));
  if (now.state !== 'running' || now.words === 'CANCELLING') return now;
  return {
    state: 'failed',
    words: `${now.words}, but the server was started anew meanwhile and does not go on with it; restore again`,
  };
}

/** What does not pass must not hide why the restore failed. */
function whyNot(error: unknown): string {
  if (error instanceof HoldfastError && !error.retryable) return error.message;
  throw error;
}

async function withRestored(
  weaviate: Weaviate,
  plan: PlannedJob,
  failed: JobReport,
): Promise<JobReport> {
  const { classes } = detailOf(plan);
  const makers = await makersOf(weaviate, plan, new Set()).catch(whyNot);
  if (typeof makers === 'string') {
    return {
      ...failed,
      words: `${failed.words}; which classes are there cannot be seen. ${makers}`,
    };
  }
  const names = (wanted: boolean) =>
    makers.filter(([, maker]) => (maker === 'somebody else') === wanted).map(([name]) => name);
  const others = names(true);
  const beside =
    others.length === 0
      ? ''
      : `; made by somebody else meanwhile: ${told(others)}. ${STOP_WRITERS}`;
  return {
    ...failed,
    words: `${failed.words}; of ${classes.length} classes these are there: ${told(names(false))}${beside}`,
  };
}
