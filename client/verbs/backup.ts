import type { Command } from 'commander';
import type { BackupReport, BackupRequest } from '../../workflows/contract/operations.ts';
import { operateAndTell, type OperateOptions } from '../runs/operate.ts';
import { followOptions } from '../runs/follow-options.ts';
import { humanBytes, humanDuration, plural } from '../terminal/figures.ts';
import { pairOption } from '../terminal/pair-option.ts';
import { withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

interface Options extends OperateOptions {
  full?: boolean;
  note?: string;
  tag?: Record<string, string>;
}

export function backupVerb(program: Command): void {
  const command = program
    .command('backup')
    .description('back up a target now, and follow the run')
    .argument('<target>', 'a target of the configuration')
    .option('--full', 'resting on no earlier backup, where a product would')
    .option('--note <text>', 'kept with the backup')
    .option('--tag <name=value>', 'kept with the backup; may be repeated', pairOption);
  verb<Options>(
    followOptions(command),
    {
      examples: ['backup metrics', 'backup metrics --note "before the upgrade" --tag ticket=4711'],
      notes: 'Ctrl-C asks whether to detach or to cancel; twice detaches.',
    },
    async (call, options, target = '') => {
      await call.checkTarget(target);
      const request: BackupRequest = {
        target,
        ...(options.full ? { full: true } : {}),
        ...(options.note === undefined ? {} : { note: options.note }),
        ...(options.tag ? { tags: options.tag } : {}),
      };
      const order = { operation: 'backup', request, summary: `backup ${target}` } as const;
      return operateAndTell(call, order, options, linesOf);
    },
  );
}

function linesOf(report: BackupReport): string[] {
  const {
    backup,
    store,
    artifacts,
    plainBytes,
    storedBytes,
    durationMs,
    state,
    sameFailureDomain,
  } = report;
  const stored = storedBytes === plainBytes ? '' : ` (${humanBytes(storedBytes)} stored)`;
  const where = sameFailureDomain ? `committed, and not yet in ${store}` : `in ${store}`;
  return [
    `${backup} is ${where}: ${plural(artifacts, 'artifact')}, ${humanBytes(plainBytes)}${stored}, in ${humanDuration(durationMs)}${withWarnings(report.warnings)}` +
      (state === 'suspect' ? '. It is suspect: it lacks what its predecessor holds' : ''),
    ...(sameFailureDomain
      ? [
          `Its bytes lie beside the database alone until ${sameFailureDomain.copy} has ended: holdfast status ${sameFailureDomain.copy}`,
        ]
      : []),
  ];
}
