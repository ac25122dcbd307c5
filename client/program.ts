import { Command, CommanderError } from 'commander';
import { holdfastVersion } from '../worker/version.ts';
import { asHoldfastError, usageError } from './failures.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { Output } from './terminal/output.ts';
import { watchOutput } from './terminal/unwritable.ts';

type AddVerb = (program: Command) => void;

/** In the order of the help: as a person meets them. Loaded when they are needed: some bring much with them. */
const VERBS: Record<string, () => Promise<AddVerb>> = {
  dev: async () => (await import('./verbs/dev.ts')).devVerb,
  worker: async () => (await import('./verbs/worker.ts')).workerVerb,
  doctor: async () => (await import('./verbs/doctor.ts')).doctorVerb,
  backup: async () => (await import('./verbs/backup.ts')).backupVerb,
  restore: async () => (await import('./verbs/restore.ts')).restoreVerb,
  verify: async () => (await import('./verbs/verify.ts')).verifyVerb,
  copy: async () => (await import('./verbs/copy.ts')).copyVerb,
  delete: async () => (await import('./verbs/delete.ts')).deleteVerb,
  import: async () => (await import('./verbs/import.ts')).importVerb,
  export: async () => (await import('./verbs/export.ts')).exportVerb,
  list: async () => (await import('./verbs/list.ts')).listVerb,
  show: async () => (await import('./verbs/show.ts')).showVerb,
  status: async () => (await import('./verbs/status.ts')).statusVerb,
  cancel: async () => (await import('./verbs/cancel.ts')).cancelVerb,
  schedule: async () => (await import('./verbs/schedule.ts')).scheduleVerb,
  schema: async () => (await import('./verbs/schema.ts')).schemaVerb,
};

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 used wrongly or configuration invalid,
3 not found, 4 refused, 5 done with warnings (--strict), 6 cancelled,
7 Temporal or worker not reachable, 8 verify or doctor found something.`;

/** @param verbs only these; default: all */
export async function createProgram(verbs = Object.keys(VERBS)): Promise<Command> {
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
  for (const name of verbs) {
    const add = await VERBS[name]?.();
    add?.(program);
  }
  return program;
}

/** Runs the command and sets the exit code. Nothing is thrown, and no stack is shown. */
export async function runCommandLine(argv: string[]): Promise<void> {
  const program = await createProgram(neededVerbs(argv.slice(2)));
  watchOutput();
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

/** A verb anywhere else than first is rare, and then all are loaded. */
function neededVerbs([first = '']: string[]): string[] | undefined {
  if (first === '--version' || first === '-V') return [];
  return Object.hasOwn(VERBS, first) ? [first] : undefined;
}

/** `--help`, `--version`, or a command without the verb that it needs: the help is on the screen. */
function isHelp({ code, exitCode }: CommanderError): boolean {
  return exitCode === 0 || code === 'commander.help';
}
