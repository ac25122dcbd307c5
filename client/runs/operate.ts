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
import { type OperationRequest, startRun, type StartedRun } from './start-run.ts';

export interface OperateOptions {
  detach?: boolean;
  wait?: boolean;
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

/**
 * Starts an operation and follows it; undefined when it goes on without this terminal.
 * @param name of the one run that there may be at a time; one under way is followed then
 */
export async function operate<O extends Operation>(
  call: Invocation,
  operation: O,
  request: OperationRequest,
  summary: string,
  options: Following,
  name?: string,
): Promise<{ run: StartedRun; report: Reports[O] } | undefined> {
  const { output } = call;
  const session = await call.temporal();
  const run = await startRun(session, operation, request, summary, name);
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

/** 5 with `--strict` when there are warnings, else 0. */
export function exitFor(warnings: readonly unknown[], strict: boolean | undefined): ExitCode {
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
