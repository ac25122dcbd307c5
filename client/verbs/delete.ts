import type { Command } from 'commander';
import { HoldfastError } from '../../activities/failure.ts';
import type { DeleteReport, DeleteRequest } from '../../workflows/contract/operations.ts';
import type { Invocation } from '../invocation.ts';
import { followOptions } from '../runs/follow-options.ts';
import { operateAndTell, type OperateOptions } from '../runs/operate.ts';
import { ask } from '../terminal/ask.ts';
import { humanBytes, plural } from '../terminal/figures.ts';
import { withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

interface Options extends OperateOptions {
  confirm?: string;
}

export function deleteVerb(program: Command): void {
  const command = program
    .command('delete')
    .description('delete one backup, with everything that the database wrote for it')
    .argument('<target>', 'a target of the configuration')
    .argument('<backup>', 'the id of a backup')
    .option('--confirm <backup>', 'the same id once more, instead of being asked for it');
  verb<Options>(
    followOptions(command),
    {
      examples: [
        'delete articles 2026-11-20t02-00-00z-7f3a1c',
        'delete articles 2026-11-20t02-00-00z-7f3a1c --confirm 2026-11-20t02-00-00z-7f3a1c',
      ],
      notes: 'A backup that another one rests on, or that is being read, is not deleted.',
    },
    async (call, options, target = '', backup = '') => {
      await call.checkTarget(target);
      const confirm = options.confirm ?? (await typed(call, target, backup));
      const request: DeleteRequest = { target, backup, confirm };
      const summary = `delete ${backup} of ${target}`;
      return operateAndTell(call, { operation: 'delete', request, summary }, options, linesOf);
    },
  );
}

/** @throws CONFIRM_REQUIRED */
async function typed(call: Invocation, target: string, backup: string): Promise<string> {
  if (!call.output.interactive) {
    throw new HoldfastError(
      'CONFIRM_REQUIRED',
      'Nothing was deleted: nobody can be asked here whether it may be.',
      { hint: `Pass --confirm ${backup}.` },
    );
  }
  return ask(`Nothing brings a deleted backup of ${target} back. Type its id to go on: `);
}

function linesOf(report: DeleteReport): string[] {
  const { backup, store, product, objects, bytes, warnings } = report;
  const own = product === undefined ? '' : ', and what the database wrote for it';
  return [
    `${backup} is deleted: ${plural(objects, 'object')} (${humanBytes(bytes)}) in ${store}${own}` +
      withWarnings(warnings),
  ];
}
