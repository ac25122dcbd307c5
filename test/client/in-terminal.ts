import { execFileSync, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { commandForNode } from '../support/command-bundle.ts';
import { ROOT } from './command.ts';

/** `script` of util-linux gives a program a terminal; it belongs to every Debian, and is missing on some small images. */
export const hasTerminals = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();

export interface InTerminal {
  /** All that was on the screen, without colours and movements of the cursor. */
  screen(): string;
  /** Waits until the question is on the screen that was not there before. */
  asked(question: RegExp): Promise<void>;
  /** Types it, as a person does; `\u0003` is Ctrl-C. */
  type(keys: string): void;
  /** Closes the window. */
  close(): void;
  ended: Promise<number | null>;
}

/**
 * The real command in a terminal of 80 columns.
 * @param stdout the file that its result goes to instead
 */
export function startInTerminal(
  args: string[],
  env: Record<string, string>,
  stdout?: string,
): InTerminal {
  const quoted = [process.execPath, ...commandForNode(), ...args].map((arg) => `'${arg}'`);
  const command = `stty cols 80 rows 24; exec ${quoted.join(' ')}${stdout ? ` > '${stdout}'` : ''}`;
  const { PATH, HOME } = process.env;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.on('error', () => undefined);
  let read = 0;
  const screen = () => stripVTControlCharacters(output).replaceAll('\r', '');
  return {
    screen,
    async asked(question) {
      await expect.poll(() => screen().slice(read)).toMatch(question);
      read = screen().length;
    },
    type: (keys) => void child.stdin.write(keys),
    close: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        process.removeListener('exit', killAtExit);
        resolve(code);
      });
    }),
  };
}
