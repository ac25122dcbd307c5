import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecentEnough } from './at-hand.ts';
import type { Produced } from './produced.ts';
import { runCommand } from './run-command.ts';
import { TOOLS, type DebianPackage, type Tool, type ToolName } from './table.ts';

/**
 * Takes an executable out of a package of Debian or Ubuntu without installing the package: needs no root, and starts
 * nothing. apt checks its signature and hash.
 */
export async function unpackDebian(
  name: ToolName,
  wanted: DebianPackage,
  folder: string,
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<Produced> {
  const tool: Tool = TOOLS[name];
  const apt = await runCommand('apt-get', ['--version'], { env });
  if (apt.exitCode !== 0)
    return { problem: 'this system has no apt-get to fetch its package with' };

  tell(`${name} ${tool.version}: taking it out of the package ${wanted.package} …`);
  const archive = await download(wanted.package, folder, env);
  if ('problem' in archive) return archive;
  const unpacked = join(folder, 'unpacked');
  const { exitCode, output } = await runCommand('dpkg-deb', ['-x', archive.path, unpacked], {
    env,
  });
  if (exitCode !== 0) return { problem: lastLine(output) };
  const path = join(unpacked, wanted.path);
  if (await isRecentEnough(path, tool)) return { path };
  return {
    problem: `the package ${wanted.package} of this system is not ${tool.version} or newer`,
  };
}

/** With the system's lists of packages; where they were removed (small images), with lists of its own. */
async function download(wanted: string, folder: string, env: NodeJS.ProcessEnv): Promise<Produced> {
  const fetch = (options: string[]) =>
    runCommand('apt-get', [...options, 'download', wanted], { cwd: folder, env });
  let fetched = await fetch([]);
  if (fetched.exitCode !== 0) {
    const own = await ownLists(folder, env);
    fetched = await fetch(own);
  }
  const archive = (await readdir(folder)).find((file) => file.endsWith('.deb'));
  if (fetched.exitCode === 0 && archive) return { path: join(folder, archive) };
  return { problem: lastLine(fetched.output) };
}

async function ownLists(folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const lists = join(folder, 'lists');
  const cache = join(folder, 'cache');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  const options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
  await runCommand('apt-get', [...options, 'update'], { env });
  return options;
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.replace(/\.$/, '') || 'it failed without a word';
}
