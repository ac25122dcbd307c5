import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import type { Operation } from '../../workflows/contract/names.ts';
import type {
  BackupReport,
  CopyReport,
  DeleteReport,
  RestoreReport,
  Skipped,
  VerifyReport,
} from '../../workflows/contract/operations.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { follow, type FollowOptions } from './follow.ts';
import { Interruption } from './interruption.ts';
import { type Order, startRun, type StartedRun } from './start-run.ts';

export interface OperateOptions {
  detach?: boolean;
  wait?: boolean;
  /** Warnings count for the exit code. */
  strict?: boolean;
}

/** As `follow` takes them. */
type Following = OperateOptions & Pick<FollowOptions, 'whenLeft'>;

interface Reports {
  backup: BackupReport;
  restore: RestoreReport;
  verify: VerifyReport;
  copy: CopyReport;
  delete: DeleteReport;
}

/** Starts an operation and follows it; undefined when it goes on without this terminal. */
export async function operate<O extends Operation>(
  call: Invocation,
  order: Order<O>,
  options: Following,
): Promise<{ run: StartedRun; report: Reports[O] } | undefined> {
  const { output } = call;
  const session = await call.temporal();
  const run = await startRun(session, order);
  if (options.detach) {
    process.exitCode = EXIT.done;
    output.result({ detached: true, ...run }, [run.workflowId]);
    return undefined;
  }
  // Whoever reads stdout may go away, which ends this process at once: the run has not done its work then.
  process.exitCode = EXIT.failed;
  using interruption = new Interruption(output);
  output.event({ event: 'started', ...run }, `started ${run.workflowId}`);
  const { wait, whenLeft } = options;
  const followed = await follow<Reports[O] | Skipped>(session, output, run, {
    interruption,
    wait,
    whenLeft,
  });
  if (!followed.ended) {
    output.result({ detached: true, ...run }, [
      `The run goes on. See it with: holdfast status ${run.workflowId}`,
    ]);
    return undefined;
  }
  if (isSkipped(followed.result)) throw lockHeld(followed.result);
  return { run, report: followed.result };
}

/** The same, with what it reports as the result of the command. */
export async function operateAndTell<O extends Operation>(
  call: Invocation,
  order: Order<O>,
  options: OperateOptions,
  linesOf: (report: Reports[O]) => string[],
): Promise<ExitCode | void> {
  const done = await operate(call, order, options);
  if (!done) return;
  const { run, report } = done;
  call.output.result({ ...run, ...report }, linesOf(report));
  return exitFor(report, options);
}

/** 8 when something was found, 5 with `--strict` when there are warnings, else 0. */
export function exitFor(
  { ok = true, warnings }: { ok?: boolean; warnings: readonly unknown[] },
  { strict = false }: OperateOptions,
): ExitCode {
  if (!ok) return EXIT.findings;
  return strict && warnings.length > 0 ? EXIT.warned : EXIT.done;
}

function isSkipped(result: object): result is Skipped {
  return 'skipped' in result;
}

function lockHeld({ heldBy, operation, since }: Skipped): HoldfastError {
  return new HoldfastError(
    'LOCK_HELD',
    `Nothing was done: ${heldBy} (${operation}) holds the lock since ${since}.`,
  );
}
