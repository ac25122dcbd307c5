/** Has a call answered in time. */
export type Answered = <T>(call: () => Promise<T>, times?: number) => Promise<T>;

/** The kernel may have gigabytes in memory that it has to write first. */
export const FLUSH = 12;

/**
 * Each holds one of the four threads that all files of this process share. Those that were on their way when a directory
 * fell silent may hold all of them; what comes later leaves some to other directories.
 */
const MOST_SILENT = 2;

/** Calls to a directory that have had no answer in time, and have none yet. */
interface Silence {
  calls: number;
}

/**
 * The kernel waits for the server of a network file system as long as that is gone, and nothing takes a call back. So
 * whoever made it is let go after `ms`, and while some are still waiting, no more are made: they would wait as well.
 * @throws what a file system throws that gives up by itself: ETIMEDOUT
 */
export function answering(silence: Silence, ms: number): Answered {
  return async (call, times = 1) => {
    if (silence.calls >= MOST_SILENT) throw noAnswer();
    const calling = call();
    return new Promise((resolve, reject) => {
      let settled = false;
      const giveUp = () => {
        if (settled) return;
        silence.calls += 1;
        const heard = () => void (silence.calls -= 1);
        calling.then(heard, heard);
        reject(noAnswer());
      };
      // Of a process that was stopped for long, timers come before answers that have been there all the time.
      const timer = setTimeout(() => setImmediate(giveUp), ms * times).unref();
      const done = () => {
        settled = true;
        clearTimeout(timer);
      };
      calling.finally(done).then(resolve, reject);
    });
  };
}

function noAnswer(): Error {
  return Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' });
}
