import type { WorkflowHandle } from '@temporalio/client';
import type { Step } from '../support/death-wish.ts';
import type { Stage } from './stage.ts';

/**
 * Runs an operation with workers that die, one after the other, at every one of the steps, and as often as it is
 * named; each is followed by a fresh one. Returns how the run ended, and the steps that no worker ever reached.
 */
export async function surviving(
  stage: Stage,
  steps: Step[],
  start: () => Promise<WorkflowHandle>,
): Promise<{ result: unknown; failure: unknown; unreached: Step[] }> {
  const left = [...steps];
  let worker = await stage.worker({ dieAt: left }, left.length > 0);
  const handle = await start();
  let ended = false;
  const ending = handle
    .result()
    .then(
      (result: unknown) => ({ result, failure: undefined }),
      (failure: unknown) => ({ result: undefined, failure }),
    )
    .finally(() => (ended = true));
  for (;;) {
    const diedAt = await Promise.race([worker.gone, ending.then(() => undefined)]);
    if (ended) break;
    if (diedAt === undefined) throw new Error(`A worker ended unbidden.\n${worker.output()}`);
    left.splice(left.indexOf(diedAt), 1);
    worker = await stage.worker({ dieAt: left }, left.length > 0);
  }
  await worker.kill();
  return { ...(await ending), unreached: left };
}
