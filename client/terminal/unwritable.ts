import { HoldfastError } from '../../activities/failure.ts';
import { EXIT } from '../exit-codes.ts';
import { Output } from './output.ts';

/**
 * What becomes of a command whose output cannot be written. What is told on stderr is for whoever listens: neither the
 * work nor the result depends on it. A result that cannot be written is none.
 */
export function watchOutput(): void {
  process.stderr.on('error', goOn);
  process.stdout.on('error', end);
}

/** For a command that works for others than its reader: a full disk below its log must not end what it does. */
export function workUnheard(): void {
  process.stdout.on('error', goOn);
  process.stdout.off('error', end);
}

function goOn(): void {}

/** `holdfast list | head` is no failure. */
function end(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  new Output({ json: false }).error(unwritable(error));
  process.exit(EXIT.failed);
}

function unwritable(cause: NodeJS.ErrnoException): HoldfastError {
  const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  return new HoldfastError(
    full ? 'SPOOL_FULL' : 'INTERNAL',
    `The result cannot be written to stdout: ${cause.message}.`,
    {
      cause,
      hint: `${full ? 'Make room, or send it elsewhere' : 'Send it elsewhere'}; runs go on without this command: holdfast status`,
    },
  );
}
