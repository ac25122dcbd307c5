import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the project: those that git knows, and without git, or outside of it, all that it would not ignore. */
export function sourceFiles(root: string, git = 'git'): string[] {
  const known = filesOfGit(root, git);
  return known.length > 0 ? known : filesBelow(root, '', ignoredIn(root));
}

function filesOfGit(root: string, git: string): string[] {
  try {
    return execFileSync(git, ['ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\0')
      .filter((path) => path !== '' && existsSync(join(root, path)));
  } catch {
    return [];
  }
}

/** Only what stands in ours: names of folders, and endings. */
function ignoredIn(root: string): (name: string, folder: boolean) => boolean {
  const lines = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').filter(Boolean);
  const folders = new Set(['.git', ...lines.map((line) => line.replace(/\/$/, ''))]);
  const endings = lines.filter((line) => line.startsWith('*')).map((line) => line.slice(1));
  return (name, folder) =>
    folder ? folders.has(name) : endings.some((ending) => name.endsWith(ending));
}

function filesBelow(
  root: string,
  folder: string,
  ignored: (name: string, folder: boolean) => boolean,
): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (ignored(entry.name, entry.isDirectory())) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path, ignored) : [path];
  });
}
