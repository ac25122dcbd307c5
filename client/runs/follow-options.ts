import type { Command } from 'commander';

/** The options of every verb that starts a run. */
export function followOptions(command: Command): Command {
  return command
    .option('--detach', 'start the run, print its id, and leave')
    .option('--wait', 'keep waiting when no worker is there, also without a terminal')
    .option('--strict', 'exit with 5 when there are warnings');
}
