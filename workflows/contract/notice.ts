import type { Operation, Outcome } from './names.ts';
import type { Warning } from './progress.ts';

/** How a run ended. */
export type Ending = Exclude<Outcome, 'running'>;

/** What a webhook is sent, as JSON, when a run has ended (docs/formats.md). Never with a secret. */
export interface Notice {
  /** One line for people; chat services show it as it is. */
  text: string;
  operation: Operation;
  outcome: Ending;
  target: string;
  product: string;
  store: string;
  backup?: string;
  /** Of a restore into another target. */
  into?: string;
  /**
   * Of a run that failed: its code of the table of failures, and its sentence. Of one that was skipped: LOCK_HELD, and who
   * held the lock. Of a verification that found damage: the first of it, and how much there is.
   */
  code?: string;
  message?: string;
  warnings: Warning[];
  /** The bytes of the backup lie beside the database alone until the workflow named here has ended. */
  sameFailureDomain?: { copy: string };
  /** RFC 3339, UTC. */
  startedAt: string;
  durationMs: number;
  workflowId: string;
  runId: string;
}
