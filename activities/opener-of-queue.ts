import { hostname } from 'node:os';
import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import { HoldfastError } from './failure.ts';
import type { Opener } from './pipeline/age/opener.ts';
import { openerOf } from './workspace.ts';

const PATIENCE = {
  /** If no worker of the queue has the identity, a person should hear it soon, before anything begins. */
  plan: { tries: 8, pauseMs: 1_000 },
  /** A plan was made with it, so some worker has it, and may be back within hours. */
  planned: { tries: Infinity },
};

/**
 * As `openerOf`, in a run: any worker of a task queue takes up any step, and the next one may have the identity that
 * this one lacks.
 */
export async function openerOfQueue(
  snapshot: TargetSnapshot,
  step: keyof typeof PATIENCE,
): Promise<Opener | undefined> {
  try {
    return await openerOf(snapshot);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'SECRET_MISSING') throw error;
    throw new HoldfastError('SECRET_MISSING', `Worker on ${hostname()}: ${error.message}`, {
      cause: error,
      patience: PATIENCE[step],
      hint: 'Give the identity to every worker of the task queue, or give what is restored into a `taskQueue` that only workers with the identity poll.',
    });
  }
}
