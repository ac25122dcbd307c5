import { HoldfastError } from '../failure.ts';

/** Of an attempt that was given up: what it was to do is another one's work now. */
export function overtaken(): HoldfastError {
  return new HoldfastError(
    'WORKER_SHUTDOWN',
    'The worker that prepared this restore was out for too long, so another attempt goes on.',
  );
}
