import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Usage } from './processes/serve.ts';

/** A process of its own that is measured, or that must not be measured with another. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** What `serve` of the process offers. */
  ask<T = void>(question: string, input?: unknown): Promise<T>;
  usage(): Promise<Usage>;
}

/** Starts a compiled file that calls `serve`. */
export async function startChild(
  file: string,
  args: string[],
  options: { env?: Record<string, string>; nodeArgs?: string[] } = {},
): Promise<Child> {
  const child = fork(file, args, {
    // The SDK warns of Node's age on every start.
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...options.env },
    execArgv: options.nodeArgs ?? [],
  });
  const answer = async <T>(): Promise<T> => {
    const gone = new AbortController();
    const message = once(child, 'message', { signal: gone.signal });
    const exit = once(child, 'exit', { signal: gone.signal }).then(() => {
      throw new Error(`${file} ended (${child.exitCode ?? child.signalCode}).`);
    });
    try {
      const [reply] = (await Promise.race([message, exit])) as [{ answer: T; error?: string }];
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply.answer;
    } finally {
      gone.abort();
      message.catch(() => undefined);
      exit.catch(() => undefined);
    }
  };
  await answer();
  const ask = <T>(question: string, input?: unknown) => {
    child.send({ ask: question, input });
    return answer<T>();
  };
  return {
    pid: child.pid ?? 0,
    ask,
    usage: () => ask<Usage>('usage'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      // The child ends by itself when nobody listens any more.
      child.disconnect();
      await exit;
    },
  };
}
