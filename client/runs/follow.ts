import { HoldfastError } from '../../activities/failure.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { temporalRefusal } from '../temporal/refusal.ts';
import type { Output } from '../terminal/output.ts';
import { askToEnd } from './ask-to-end.ts';
import type { Interruption } from './interruption.ts';
import { Narrator } from './narrator.ts';
import { observe, progressOf } from './observe.ts';
import { Outage } from './outage.ts';
import { resultOf } from './outcome.ts';
import { type Waiting, WorkerTold } from './worker-told.ts';

export interface FollowOptions extends Waiting {
  /** Listening since before the run was named on the screen: Ctrl-C right after that must not end the command untold. */
  interruption: Interruption;
  /**
   * Of a run whose result is of use here alone: there is nothing to ask after Ctrl-C. The run is asked to end, and this
   * sentence is what the command fails with.
   */
  whenLeft?: string | undefined;
}

export type Followed<T> = { ended: true; result: T } | { ended: false };

const LOOK_EVERY_MS = 1_000;
const FIRST_LOOKS_MS = 150;
/** Longer than the client tries a call again by itself; of a server that hangs it would hear nothing for minutes. */
const ANSWER_MS = 30_000;

/**
 * Follows a run to its end and tells it on the way; `ended: false` when the person detached.
 * @throws what the run failed with; WORKER_MISSING where nobody watches and no worker is there; CANCELLED `whenLeft`
 */
export async function follow<T>(
  session: TemporalSession,
  output: Output,
  run: { workflowId: string; runId: string },
  options: FollowOptions,
): Promise<Followed<T>> {
  const { workflowId, runId } = run;
  const { interruption } = options;
  const narrator = new Narrator(output);
  const watch = new WorkerTold(session, output, workflowId, options);
  const outage = new Outage(session, output, workflowId);
  const soon = <R>(ask: () => Promise<R>) =>
    session.connection.withDeadline(Date.now() + ANSWER_MS, ask);
  const look = async () => {
    const seen = await observe(session, workflowId, runId);
    return { seen, lacks: await watch.ask(seen) };
  };
  const end = () => soon(() => askToEnd(session, run, 'Ctrl-C in the terminal'));
  const startedAt = Date.now();
  let ending = options.ending === true;
  for (;;) {
    try {
      const looked = await interruption.orPressed(soon(look));
      if (looked) {
        const { seen, lacks } = looked;
        if (seen.status === 'RUNNING') outage.end();
        narrator.tell(seen, lacks && watch.tell(lacks));
        if (seen.status !== 'RUNNING') {
          const result = await soon(() => endOf<T>(session, run, narrator));
          if (options.whenLeft !== undefined && interruption.pressed) throw left(options.whenLeft);
          return { ended: true, result };
        }
      }
    } catch (error) {
      outage.bear(error, ending);
      watch.bear();
    }
    const elapsed = Date.now() - startedAt;
    await interruption.pause(Math.min(LOOK_EVERY_MS, FIRST_LOOKS_MS + elapsed / 10));
    if (options.whenLeft !== undefined && interruption.pressed) {
      await end().catch(unlessRefused);
      throw left(options.whenLeft);
    }
    const choice = await interruption.choice({ asks: !options.ending });
    if (choice === 'detach') return { ended: false };
    if (choice === 'cancel') {
      await end();
      ending = true;
      output.remark('cancelling; the run ends when everything is quiet');
    }
  }
}

/** What nobody waits for need not be asked to end where Temporal does not listen. */
function unlessRefused(error: unknown): void {
  if (!temporalRefusal(error)) throw error;
}

function left(sentence: string): HoldfastError {
  return new HoldfastError('CANCELLED', sentence, { hint: 'Start again when you want to.' });
}

/** Whatever the run still had to say is said before its result. */
async function endOf<T>(
  session: TemporalSession,
  { workflowId, runId }: { workflowId: string; runId: string },
  narrator: Narrator,
): Promise<T> {
  try {
    const result = await resultOf<T & { warnings?: Warning[] }>(session, workflowId, runId);
    narrator.warn(result.warnings ?? []);
    return result;
  } catch (error) {
    const last = await progressOf(session, workflowId, runId);
    narrator.warn(last?.warnings ?? []);
    throw error;
  }
}
