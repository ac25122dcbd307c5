import type { Command } from 'commander';
import { Option } from 'commander';
import { HoldfastError } from '../../activities/failure.ts';
import type {
  OnConflict,
  RestoreReport,
  RestoreRequest,
  Selection,
} from '../../workflows/contract/operations.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { followOptions } from '../runs/follow-options.ts';
import { exitFor, operate, operateAndTell, type OperateOptions } from '../runs/operate.ts';
import { planLines, replaces, reportLines } from '../runs/restore-lines.ts';
import { ask, requireYes } from '../terminal/ask.ts';
import { listOption, pairOption } from '../terminal/pair-option.ts';
import { verb } from '../verb.ts';

interface Options extends OperateOptions {
  backup: string;
  into?: string;
  org?: string[];
  bucket?: string[];
  database?: string[];
  retentionPolicy?: string[];
  class?: string[];
  keepDeleted?: boolean;
  rename?: Record<string, string>;
  onConflict?: OnConflict;
  confirm?: string;
  safetyBackup: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

export function restoreVerb(program: Command): void {
  const command = program
    .command('restore')
    .description('restore a backup: shows the plan, asks, restores, and proves what came back')
    .argument('<target>', 'the target whose backup it is')
    .option('--backup <id>', 'the id of a backup', 'latest')
    .option(
      '--into <target>',
      'another target that takes such a backup; default: the target itself',
    )
    .option('--org <name>', 'this organisation alone; may be repeated', listOption)
    .option('--bucket <name>', 'this bucket alone; may be repeated', listOption)
    .option('--database <name>', 'this database alone; may be repeated', listOption)
    .option('--retention-policy <name>', 'this policy alone; may be repeated', listOption)
    .option('--class <name>', 'this class alone; may be repeated', listOption)
    .option('--keep-deleted', 'what is marked as deleted too, where the product can do it')
    .option('--rename <old=new>', 'restore under another name; may be repeated', pairOption)
    .addOption(
      new Option('--on-conflict <how>', 'when a name is taken').choices([
        'fail',
        'rename',
        'replace',
      ]),
    )
    .option('--confirm <target>', 'the name of the destination, when something is replaced')
    .option('--no-safety-backup', 'do not back the destination up before something is replaced')
    .option('--dry-run', 'show the plan and change nothing')
    .option('--yes', 'do not ask');
  verb<Options>(
    followOptions(command),
    {
      examples: [
        'restore metrics --dry-run',
        'restore metrics --bucket telemetry --rename telemetry=telemetry-restored',
        'restore metrics --backup 2026-11-20t02-00-00z-7f3a1c --confirm metrics --yes',
      ],
    },
    (call, options, target = '') => restore(call, options, target),
  );
}

async function restore(
  call: Invocation,
  options: Options,
  target: string,
): Promise<ExitCode | void> {
  await call.checkTarget(target);
  if (options.into) await call.checkTarget(options.into);
  const wanted = requestOf(options, target);

  const planning = {
    operation: 'restore',
    request: { ...wanted, dryRun: true },
    summary: `plan a restore of ${target}`,
  } as const;
  const planned = await operate(call, planning, {
    ...(options.wait ? { wait: true } : {}),
    whenLeft: 'Nothing was restored: only the plan was being made.',
  });
  if (!planned) return;
  const { plan } = planned.report;
  if (options.dryRun) {
    call.output.result({ ...planned.run, ...planned.report }, planLines(plan, options.confirm));
    return exitFor(planned.report, options);
  }
  call.output.event({ event: 'plan', plan }, planLines(plan, options.confirm).join('\n'));

  const agreed = await agreement(call, options, planned.report);
  const restoring = {
    operation: 'restore',
    // What was shown is what is restored, also when a newer backup has come meanwhile.
    request: { ...wanted, ...agreed, backup: plan.backup },
    summary: `restore ${plan.backup} into ${plan.into}`,
  } as const;
  return operateAndTell(call, restoring, options, reportLines);
}

/** @throws CONFIRM_REQUIRED when nobody agreed */
async function agreement(
  call: Invocation,
  { yes, confirm }: Options,
  { plan }: RestoreReport,
): Promise<{ confirm?: string }> {
  if (yes) {
    if (!replaces(plan) || confirm === plan.into) return {};
    const not = confirm === undefined ? '' : `, and "${confirm}" is not its name`;
    throw new HoldfastError(
      'CONFIRM_REQUIRED',
      `Nothing was restored: this replaces what is in ${plan.into}${not}.`,
      { hint: `Look at the plan, then pass --confirm ${plan.into}.` },
    );
  }
  if (!call.output.interactive) {
    const named = replaces(plan) && confirm !== plan.into ? ` and --confirm ${plan.into}` : '';
    throw new HoldfastError(
      'CONFIRM_REQUIRED',
      'Nothing was restored: nobody can be asked here whether the plan is right.',
      { hint: `Look at the plan, then pass --yes${named}.` },
    );
  }
  if (replaces(plan) && confirm === undefined) {
    const typed = await ask(`This replaces data. Type the name of the destination to go on: `);
    if (typed === plan.into) return { confirm: typed };
    throw new HoldfastError(
      'CONFIRM_REQUIRED',
      `Nothing was restored: "${plan.into}" was not typed.`,
      { hint: 'Start again when the plan is right.' },
    );
  }
  await requireYes(call.output, 'Restore?', {
    otherwise: 'Nothing was restored: the answer was not yes.',
    hint: 'Start again when the plan is right.',
  });
  return {};
}

function requestOf(options: Options, target: string): RestoreRequest {
  const { into, rename, onConflict, confirm } = options;
  const select = selectionOf(options);
  return {
    target,
    backup: options.backup,
    ...(into ? { into } : {}),
    ...(Object.keys(select).length > 0 ? { select } : {}),
    ...(rename ? { rename } : {}),
    ...(onConflict ? { onConflict } : {}),
    ...(confirm === undefined ? {} : { confirm }),
    ...(options.safetyBackup ? {} : { safetyBackup: false }),
    ...(options.keepDeleted ? { keepDeleted: true } : {}),
  };
}

function selectionOf(options: Options): Selection {
  const { org, bucket, database, retentionPolicy, class: classes } = options;
  return {
    ...(org ? { organisations: org } : {}),
    ...(bucket ? { buckets: bucket } : {}),
    ...(database ? { databases: database } : {}),
    ...(retentionPolicy ? { retentionPolicies: retentionPolicy } : {}),
    ...(classes ? { classes } : {}),
  };
}
