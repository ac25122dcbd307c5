import type { Command } from 'commander';
import { newestBackup } from '../../activities/catalog/find-backup.ts';
import { targetOf } from '../../activities/config/config.ts';
import { namingOtherStores } from '../../activities/other-stores.ts';
import type { CopyReport, CopyRequest } from '../../workflows/contract/operations.ts';
import type { Invocation } from '../invocation.ts';
import { followOptions } from '../runs/follow-options.ts';
import { operateAndTell, type OperateOptions } from '../runs/operate.ts';
import { humanBytes, humanDuration, plural } from '../terminal/figures.ts';
import { withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

export function copyVerb(program: Command): void {
  const command = program
    .command('copy')
    .description(
      'copy what a database wrote by itself into the store, or follow the copy under way',
    )
    .argument('<target>', 'a target of the configuration')
    .argument('[backup]', 'the id of a backup', 'latest');
  verb<OperateOptions>(
    followOptions(command),
    {
      examples: ['copy articles', 'copy articles 2026-11-20t02-00-00z-7f3a1c'],
      notes:
        'Every such backup is copied by itself; this goes on with a copy that was interrupted, and mends one that was damaged.',
    },
    async (call, options, target = '', wanted = 'latest') => {
      await call.checkTarget(target);
      const backup = wanted === 'latest' ? await newestOf(call, target) : wanted;
      const request: CopyRequest = { target, backup };
      const summary = `copy of ${backup} of ${target}`;
      const name = backup === 'latest' ? undefined : backup;
      return operateAndTell(call, { operation: 'copy', request, summary, name }, options, linesOf);
    },
  );
}

/** By its id the copy under way is found. Without a configuration here, the worker has to find the backup. */
async function newestOf(call: Invocation, target: string): Promise<string> {
  const config = await call.configIfAny();
  if (!config) return 'latest';
  const { store: name } = targetOf(config, target);
  const store = await call.store(name);
  const find = () => newestBackup(store, target, 'latest');
  return namingOtherStores(call.searching, { target, store: name }, find);
}

const METHODS: Record<CopyReport['method'], string> = {
  'server-side': 'copied by the store itself',
  streamed: 'streamed',
  mixed: 'partly copied by the store itself',
};

function linesOf(report: CopyReport): string[] {
  const { backup, store, objects, storedBytes, method, durationMs, warnings } = report;
  return [
    `${backup} is in ${store} too: ${plural(objects, 'object')}, ${humanBytes(storedBytes)}, ${METHODS[method]}, ` +
      `in ${humanDuration(durationMs)}${withWarnings(warnings)}`,
  ];
}
