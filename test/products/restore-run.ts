import type {
  BackupReader,
  PlannedRestore,
  ProductSession,
  Proof,
  RestoreStep,
} from '../../activities/products/product.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import { asStored, TARGET } from './backup-run.ts';

/** One restore, step by step as the activities do it. */
export interface RestoreRun {
  readonly plan: PlannedRestore;
  /** May be called again: the state of an attempt that died is lost. */
  prepare(takesAway?: () => Promise<unknown>): Promise<void>;
  apply(step: RestoreStep): Promise<void>;
  prove(step: RestoreStep): Promise<Proof>;
  finish(): ReturnType<ProductSession['restore']['finish']>;
  undo(keep?: boolean): ReturnType<ProductSession['restore']['undo']>;
  /** Prepares, applies, proves and finishes, or throws at the first part that comes back different. */
  complete(): Promise<{ restored: string[]; warnings: { code: string }[]; proofs: Proof[] }>;
}

let runs = 0;

export async function restoreRun(
  session: ProductSession,
  backup: BackupReader,
  request: Partial<RestoreRequest>,
  spool: string,
): Promise<RestoreRun> {
  runs += 1;
  const plan = asStored(
    await session.restore.plan({
      backup,
      restore: { target: TARGET, ...request },
      destination: TARGET,
      run: `run${runs.toString(36).padStart(5, '0')}`,
    }),
  );
  const summary = { ...plan, steps: [] };
  let state: Record<string, unknown> | undefined;
  let tookAway = false;
  const known = () => state ?? {};
  const original = (step: RestoreStep) => () => backup.open(step.lines, { decompress: true });
  const run: RestoreRun = {
    plan,
    prepare: async (takesAway) => {
      const taking = async () => {
        await takesAway?.();
        const before = tookAway;
        tookAway = true;
        return before;
      };
      state = asStored(await session.restore.prepare(summary, backup, taking));
    },
    apply: (step) => session.restore.apply(step, known(), original(step)),
    prove: (step) => session.restore.prove(step, known(), original(step), spool),
    finish: () => session.restore.finish(summary, known()),
    undo: (keep = false) => session.restore.undo(summary, keep, { state, tookAway }),
    async complete() {
      await run.prepare();
      const proofs: Proof[] = [];
      for (const step of plan.steps) {
        if (session.restore.leavesOut?.(step, known())) continue;
        await run.apply(step);
        const proof = await run.prove(step);
        if (proof.result === 'different') throw new Error(`${step.subject}: ${proof.reason}`);
        proofs.push(proof);
      }
      return { ...(await run.finish()), proofs };
    },
  };
  return run;
}
