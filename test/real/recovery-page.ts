import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

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
