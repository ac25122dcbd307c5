import { type Command, InvalidArgumentError } from 'commander';
import { HoldfastError } from '../../activities/failure.ts';
import { canRestore } from '../../activities/products/registry.ts';
import { TARGET_NAME } from '../../workflows/contract/names.ts';
import type { Invocation } from '../invocation.ts';
import { detailLines } from '../runs/detail-lines.ts';
import { findRuns, toRun, type FoundRun } from '../runs/find-runs.ts';
import { endingOf, phaseOf, stateOf } from '../runs/in-words.ts';
import { runOfId } from '../runs/named-run.ts';
import { observe, progressOf } from '../runs/observe.ts';
import { type OverviewRow, overviewLines } from '../runs/overview-lines.ts';
import { endOf } from '../runs/outcome.ts';
import { runsUnderWay } from '../runs/runs-under-way.ts';
import { queueWithoutWorker } from '../runs/worker-watch.ts';
import { humanAge } from '../terminal/figures.ts';
import { warningLines } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

interface Options {
  limit: number;
}

export function statusVerb(program: Command): void {
  const command = program
    .command('status')
    .description('show the runs under way and the last ones that ended, or one in detail')
    .argument('[run or target]', 'the id of a run for its detail; a target for its runs alone')
    .option('--limit <count>', 'how many ended runs to show', countOption, 10);
  verb<Options>(
    command,
    { examples: ['status', 'status metrics', 'status backup/metrics/2026-11-20t02-00-00z'] },
    async (call, { limit }, which) => {
      if (which !== undefined && !TARGET_NAME.test(which)) return detail(call, which);
      return overview(call, which, limit);
    },
  );
}

function countOption(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number, 0 or more.');
  return Number(text);
}

async function overview(call: Invocation, target: string | undefined, limit: number) {
  const session = await call.temporal();
  const running = await runsUnderWay(session, { target, limit: 200 });
  const ended = limit > 0 ? await findRuns(session, { target, running: false, limit }) : [];
  if (target !== undefined && running.length + ended.length === 0) {
    if (await runOfId(session, target)) return detail(call, target);
    await requireTarget(call, target);
  }
  const observed = await Promise.all(
    running.map(async (run) => {
      const seen = await observe(session, run.workflowId, run.runId).catch(() => undefined);
      const idle = seen && (await queueWithoutWorker(session, seen).catch(() => undefined));
      return { run, seen, idle };
    }),
  );
  const runs = [
    ...observed.map(({ run, seen, idle }) => ({
      ...run,
      ...(seen?.progress ? { progress: seen.progress } : {}),
      ...(idle ? { noWorkerOn: idle } : {}),
    })),
    ...ended,
  ];
  const rows = [
    ...observed.map(({ run, seen, idle }) => {
      const phase = seen ? phaseOf(seen, idle) : '';
      return row(run, [run.into && `into ${run.into}`, phase].filter(Boolean).join(', '));
    }),
    ...ended.map((run) => row(run, endingOf(run))),
  ];
  call.output.result(
    { runs },
    rows.length === 0
      ? [await nothing(call, target, limit)]
      : overviewLines(rows, call.output.tableWidth),
  );
}

async function nothing(call: Invocation, target: string | undefined, limit: number) {
  if (limit === 0) return `No run${target === undefined ? '' : ` of ${target}`} is under way.`;
  if (target === undefined) return 'There are no runs.';
  const elsewhere = (await mayBeRestoredInto(call, target))
    ? ` A restore into ${target} that has ended is listed under the target whose backup it was.`
    : '';
  return `No run of ${target} is under way, and Temporal lists none that ended.${elsewhere}`;
}

/** From the backup of another target. */
async function mayBeRestoredInto(call: Invocation, target: string): Promise<boolean> {
  const targets = (await call.configIfAny())?.targets;
  const into = targets?.get(target);
  if (!targets || !into) return true;
  return [...targets].some(
    ([name, { product }]) => name !== target && canRestore(product, into.product),
  );
}

/** A name that is neither that of a target nor of a run. @throws RUN_UNKNOWN */
async function requireTarget(call: Invocation, name: string): Promise<void> {
  const config = await call.configIfAny();
  if (!config || config.targets.has(name)) return;
  throw new HoldfastError(
    'RUN_UNKNOWN',
    `${config.path} has no target ${name}, and no run has this id.`,
  );
}

function row(run: FoundRun, detailText: string): OverviewRow {
  const { workflowId, startedAt } = run;
  return { run: workflowId, state: stateOf(run), age: humanAge(startedAt), detail: detailText };
}

async function detail(call: Invocation, workflowId: string): Promise<void> {
  const session = await call.temporal();
  const run = toRun(await session.client.workflow.getHandle(workflowId).describe());
  const seen = await observe(session, workflowId, run.runId);
  const ended = seen.status === 'RUNNING' ? undefined : await endOf(session, run);
  const idle = await queueWithoutWorker(session, seen).catch(() => undefined);
  const { progress, pending } = seen;
  const warnings =
    progress?.warnings ??
    ended?.result?.warnings ??
    // A run that failed says also what it removed, and what it had to leave.
    (await progressOf(session, workflowId, run.runId))?.warnings ??
    [];
  call.output.result(
    {
      ...run,
      ...(progress ? { progress } : {}),
      ...(idle ? { noWorkerOn: idle } : {}),
      pending,
      ...ended,
      warnings,
    },
    [...detailLines(run, seen, idle, ended?.error), ...warningLines(warnings)],
  );
}
