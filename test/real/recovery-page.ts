import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/recovery-without-holdfast.md', import.meta.url));

/** The blocks of the page that a person pastes into a shell, by name, in their order. */
export async function recoveryBlocks(): Promise<Map<string, string>> {
  const page = await readFile(PAGE, 'utf8');
  return new Map(
    [...page.matchAll(/^```sh (\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => [
      name,
      text,
    ]),
  );
}

/** Runs one block as the page says, with nothing in its environment but what it is given. */
export async function runBlock(
  block: string,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-eu', '-c', block], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Runs the named blocks one after another, in the order of the page. */
export async function follow(names: string[], env: Record<string, string>): Promise<void> {
  const blocks = await recoveryBlocks();
  expect(names).toEqual([...blocks.keys()].filter((name) => names.includes(name)));
  for (const name of names) {
    const { code, output } = await runBlock(blocks.get(name) ?? '', env);
    expect(code, `${name}: ${output}`).toBe(0);
  }
}

/** Why a test cannot run here; undefined when it can. */
export function missing(...tools: string[]): string | undefined {
  const absent = tools.filter((tool) => {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return absent.length === 0 ? undefined : `not on PATH: ${absent.join(', ')}`;
}

/** A new age identity in a file; its recipient. */
export function newAgeKey(file: string): string {
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  return execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim();
}
