import { createInterface } from 'node:readline/promises';

/** Asks on stderr, so that stdout stays a result. The end of input or Ctrl-C counts as the empty answer. */
export async function ask(question: string, signal?: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  lines.on('close', () => stop.abort());
  lines.on('SIGINT', () => stop.abort());
  const signals = signal ? [signal, stop.signal] : [stop.signal];
  try {
    return (await lines.question(question, { signal: AbortSignal.any(signals) })).trim();
  } catch {
    process.stderr.write('\n');
    return '';
  } finally {
    lines.close();
  }
}

export async function confirmed(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `));
}
