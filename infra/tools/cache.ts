import { randomUUID } from 'node:crypto';
import { access, chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TOOLS, type ToolName } from './table.ts';

/** `$XDG_CACHE_HOME/holdfast/tools`, by default below `~/.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'holdfast', 'tools');
}

export function cachePath(name: ToolName, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), `${name}-${TOOLS[name].version}`);
}

/** What lies under a tool's final name is whole: it only ever gets there by `intoCache`. */
export async function cachedTool(
  name: ToolName,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const path = cachePath(name, env);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/**
 * Lets `produce` make the executable in a folder of its own inside the cache, and moves it to its final name in one
 * step when it is whole. Whatever else happens, nothing is left.
 * @param produce returns the path of the executable, or undefined when it could not be made
 */
export async function intoCache(
  name: ToolName,
  env: NodeJS.ProcessEnv,
  produce: (folder: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const folder = join(cacheFolder(env), `${PARTIAL}${name}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const made = await produce(folder);
    if (made === undefined) return undefined;
    await chmod(made, 0o755);
    const path = cachePath(name, env);
    await rename(made, path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const PARTIAL = '.partial-';
const DEAD_AFTER_MS = 6 * 3600_000;

/** Takes away what killed runs left, once it is certain that nobody is still building there. */
export async function sweepPartials(env: NodeJS.ProcessEnv): Promise<void> {
  const root = cacheFolder(env);
  for (const entry of await readdir(root).catch(() => [])) {
    if (!entry.startsWith(PARTIAL)) continue;
    const path = join(root, entry);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DEAD_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
