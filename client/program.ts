import { Command, CommanderError } from 'commander';
import { holdfastVersion } from '../worker/version.ts';
import { asHoldfastError, usageError } from './failures.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { Output } from './terminal/output.ts';
import { backupVerb } from './verbs/backup.ts';
import { cancelVerb } from './verbs/cancel.ts';
import { devVerb } from './verbs/dev.ts';
import { doctorVerb } from './verbs/doctor.ts';
import { importVerb } from './verbs/import.ts';
import { listVerb } from './verbs/list.ts';
import { restoreVerb } from './verbs/restore.ts';
import { scheduleVerb } from './verbs/schedule.ts';
import { schemaVerb } from './verbs/schema.ts';
import { showVerb } from './verbs/show.ts';
import { statusVerb } from './verbs/status.ts';
import { verifyVerb } from './verbs/verify.ts';
import { workerVerb } from './verbs/worker.ts';

/** In the order of the help: as a person meets them. */
const VERBS = [
  devVerb,
  workerVerb,
  doctorVerb,
  backupVerb,
  restoreVerb,
  verifyVerb,
  importVerb,
  listVerb,
  showVerb,
  statusVerb,
  cancelVerb,
  scheduleVerb,
  schemaVerb,
];

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 used wrongly or configuration invalid, 3 not found,
4 refused, 5 done with warnings (--strict), 6 cancelled, 7 Temporal or worker not
reachable, 8 verify or doctor found something.`;

export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('Backs up and restores databases as durable Temporal workflows.')
    .option('-c, --config <file>', 'default: $HOLDFAST_CONFIG, ./holdfast.yaml, ~/.config/holdfast')
    .option('--json', 'JSON on stdout: one object for a result, one per line for events')
    .version(holdfastVersion(), '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EXIT_CODES);
  // Errors are printed in one place; help on wrong usage still goes to stderr.
  program.configureOutput({ outputError: () => undefined });
  for (const add of VERBS) add(program);
  return program;
}

/** Runs the command and sets the exit code. Nothing is thrown, and no stack is shown. */
export async function runCommandLine(argv: string[]): Promise<void> {
  const program = createProgram();
  process.stdout.on('error', endQuietly);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) {
      process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
      return;
    }
    const failure = error instanceof CommanderError ? usageError(error) : asHoldfastError(error);
    new Output({ json: argv.includes('--json') }).error(failure);
    if (process.env.HOLDFAST_DEBUG) console.error(error);
    process.exitCode = exitCodeOf(failure.code);
  }
}

/** `holdfast list | head` is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
}

/** `--help`, `--version`, or a command without the verb that it needs: the help is on the screen. */
function isHelp({ code, exitCode }: CommanderError): boolean {
  return exitCode === 0 || code === 'commander.help';
}
