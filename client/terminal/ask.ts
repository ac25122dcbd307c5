import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../activities/failure.ts';
import type { Output } from './output.ts';

/** Asks on stderr, so that stdout stays a result. The end of input or Ctrl-C counts as the empty answer. */
export async function ask(question: string, signal?: AbortSignal): Promise<string> {
  await forgetTypedAhead();
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

/** What was typed before the question was on the screen is no answer to it. */
async function forgetTypedAhead(): Promise<void> {
  const ignore = () => undefined;
  process.stdin.on('data', ignore).resume();
  await sleep(50);
  process.stdin.off('data', ignore).pause();
}

/** @throws CONFIRM_REQUIRED, in the words of `otherwise`, where the answer is not yes or nobody can be asked */
export async function requireYes(
  { interactive }: Output,
  question: string,
  { otherwise, hint }: { otherwise: string; hint: string },
): Promise<void> {
  if (interactive && /^y(es)?$/i.test(await ask(`${question} [y/N] `))) return;
  throw new HoldfastError('CONFIRM_REQUIRED', otherwise, { hint });
}
