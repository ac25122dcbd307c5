import type { Figures } from '../../workflows/contract/progress.ts';

interface Told {
  since: number;
  last: number;
  count: number;
}

const FIRST_PAUSE_MS = 2_000;
/** Each pause is a tenth of the time since the first signal: about 100 signals in a day, 60 in an hour. */
const WIDENING = 0.1;
const MOST_PER_RUN = 90;
/** Failed attempts are told apart from that budget: the first ten, then every tenth. */
const FAILURES_TOLD = 10;
const RUNS_REMEMBERED = 1_000;

const told = new Map<string, Told>();

/** Whether a run's workflow should hear of these figures now: its history must stay short, however long it runs. */
export function mayTell(
  runId: string,
  figures: Figures,
  failed: boolean,
  now = Date.now(),
): boolean {
  if (failed) {
    return figures.attempt <= FAILURES_TOLD || figures.attempt % FAILURES_TOLD === 0;
  }
  const run = told.get(runId);
  if (!run) {
    if (told.size >= RUNS_REMEMBERED) told.delete(told.keys().next().value ?? '');
    told.set(runId, { since: now, last: now, count: 1 });
    return true;
  }
  const pause = Math.max(FIRST_PAUSE_MS, (now - run.since) * WIDENING);
  if (run.count >= MOST_PER_RUN || now - run.last < pause) return false;
  run.last = now;
  run.count += 1;
  return true;
}
