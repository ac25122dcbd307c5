import type { Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { globalOptions, Invocation } from './invocation.ts';
import { reflow } from './terminal/reflow.ts';

/** As wide as the rest of the help is where nobody says how wide the terminal is. */
const HELP_WIDTH = 80;

/** What a verb does. Without a return value it is done, or what a signal left as exit code. */
export type VerbBody<O> = (
  call: Invocation,
  options: O,
  ...args: (string | undefined)[]
) => Promise<ExitCode | void>;

/** Gives a subcommand its body and its examples, and frames the body: opened things are closed, the exit code is set. */
export function verb<O>(
  command: Command,
  { examples, notes }: { examples: string[]; notes?: string },
  body: VerbBody<O>,
): void {
  const lines = examples.map((example) => `  $ holdfast ${example}`);
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  command.addHelpText(
    'after',
    `${notes ? `\n${reflow(notes, HELP_WIDTH)}\n` : ''}\n${title}\n${lines.join('\n')}`,
  );
  command.action(async (...received: unknown[]) => {
    const args = received.slice(0, -2) as (string | undefined)[];
    const call = new Invocation(globalOptions(command));
    try {
      const code = await body(call, command.opts() as O, ...args);
      process.exitCode = code ?? process.exitCode ?? EXIT.done;
    } finally {
      await call.close();
    }
  });
}
