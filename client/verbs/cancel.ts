import { TerminatedFailure } from '@temporalio/common';
import type { Command } from 'commander';
import { HoldfastError } from '../../activities/failure.ts';
import { TARGET_NAME } from '../../workflows/contract/names.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { askToEnd } from '../runs/ask-to-end.ts';
import type { FoundRun } from '../runs/find-runs.ts';
import { follow } from '../runs/follow.ts';
import { Interruption } from '../runs/interruption.ts';
import { requireRun, runOfId } from '../runs/named-run.ts';
import { runsUnderWay } from '../runs/runs-under-way.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { verb } from '../verb.ts';

interface Options {
  reason?: string;
  detach?: boolean;
  wait?: boolean;
}

export function cancelVerb(program: Command): void {
  const command = program
    .command('cancel')
    .description('cancel a run, and wait until everything it began is quiet')
    .argument('<run or target>', 'the id of a run, or a target with one run under way')
    .option('--reason <text>', 'kept in the history of the run')
    .option('--detach', 'ask for it, and leave')
    .option('--wait', 'keep waiting when no worker is there, also without a terminal');
  verb<Options>(
    command,
    {
      examples: [
        'cancel metrics',
        'cancel backup/metrics/2026-11-20t02-00-00z --reason "too slow"',
      ],
      notes:
        'Exits with 6 when the run ended cancelled, with 0 when it had ended before, or had done its\nwork before the cancel reached it, and otherwise as the run itself did.',
    },
    (call, options, which = '') => cancel(call, options, which),
  );
}

async function cancel(call: Invocation, options: Options, which: string): Promise<ExitCode | void> {
  const session = await call.temporal();
  const run = await findOne(session, which);
  const told = { ...run, cancelled: false };
  if (run.status !== 'RUNNING') {
    call.output.result({ ...told, alreadyEnded: true }, [
      `${run.workflowId} had ended already: ${run.status.toLowerCase()}`,
    ]);
    return run.status === 'CANCELLED' ? EXIT.cancelled : EXIT.done;
  }
  await askToEnd(session, run, options.reason ?? 'holdfast cancel');
  if (!options.detach) return untilQuiet(call, session, run, options.wait);
  call.output.result({ ...told, requested: true }, [`asked ${run.workflowId} to end`]);
}

/** Follows a run that was asked to end. @throws what it failed with */
async function untilQuiet(
  { output }: Invocation,
  session: TemporalSession,
  run: FoundRun,
  wait: boolean | undefined,
): Promise<ExitCode | void> {
  const { workflowId } = run;
  const told = { ...run, cancelled: false };
  // Whoever reads stdout may go away, which ends this process at once: the run has not ended then.
  process.exitCode = EXIT.failed;
  using interruption = new Interruption(output);
  output.event({ event: 'cancelling', workflowId }, `cancelling ${workflowId}`);
  try {
    const followed = await follow<object>(session, output, run, {
      interruption,
      wait,
      ending: true,
    });
    if (!followed.ended) {
      return output.result(told, [
        `asked ${workflowId} to end; the cancel is recorded, and takes effect without this terminal`,
      ]);
    }
    output.result({ ...told, result: followed.result }, [
      `${workflowId} had done its work before the cancel reached it`,
    ]);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'CANCELLED') throw error;
    if (error.cause instanceof TerminatedFailure) throw notQuiet(error);
    output.result({ ...told, cancelled: true }, [`${workflowId} is cancelled`]);
    return EXIT.cancelled;
  }
}

/** It was ended from outside before its cancel was done: what it began may go on, and what it made is still there. */
function notQuiet({ message, hint, cause }: HoldfastError): HoldfastError {
  return new HoldfastError('INTERNAL', message, { cause, hint });
}

/** @throws RUN_UNKNOWN, INPUT_INVALID when a target has several, or when the id is that of no run */
async function findOne(session: TemporalSession, which: string): Promise<FoundRun> {
  if (!TARGET_NAME.test(which)) return requireRun(session, which);
  const runs = await runsUnderWay(session, { target: which, limit: 20 });
  const [only, ...others] = runs;
  if (!only) return runNamedLikeTarget(session, which);
  if (others.length === 0) return only;
  throw new HoldfastError(
    'INPUT_INVALID',
    `Target ${which} has ${runs.length} runs under way: ${runs.map(({ workflowId }) => workflowId).join(', ')}.`,
    { hint: 'Name one of them.' },
  );
}

/** The Temporal UI starts runs under a UUID, or whatever somebody types. */
async function runNamedLikeTarget(session: TemporalSession, id: string): Promise<FoundRun> {
  const run = await runOfId(session, id);
  if (run) return run;
  throw new HoldfastError(
    'RUN_UNKNOWN',
    `No run of target ${id} is under way, and no run has this id.`,
  );
}
