import type { Command } from 'commander';
import type { LogLevel } from '@temporalio/worker';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { temporalOptions } from '../temporal/options.ts';
import { listOption } from '../terminal/pair-option.ts';
import { workUnheard } from '../terminal/unwritable.ts';
import { warningLines } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';
import { logLevelOption } from '../worker/log-level-option.ts';

interface Options {
  taskQueue?: string[];
  logLevel: LogLevel;
}

export function workerVerb(program: Command): void {
  const command = program
    .command('worker')
    .description('run a worker: it does the work of the runs')
    .option(
      '--task-queue <name>',
      `default: ${TASK_QUEUE}; another one serves the targets that name it; may be repeated`,
      listOption,
    )
    .addOption(logLevelOption());
  verb<Options>(
    command,
    {
      examples: ['worker', 'worker --task-queue near-metrics'],
      notes:
        'Any number of workers may run. One that is stopped or dies loses nothing: its runs go on\nelsewhere, or when it is back.',
    },
    async (call, options) => {
      workUnheard();
      const { runWorkers } = await import('../worker/run-workers.ts');
      const config = await call.config();
      for (const line of warningLines(config.warnings)) call.output.remark(line);
      await runWorkers({
        config,
        temporal: () => temporalOptions(config.temporal),
        taskQueues: [...new Set(options.taskQueue ?? [TASK_QUEUE])],
        output: call.output,
        logLevel: options.logLevel,
      });
    },
  );
}
