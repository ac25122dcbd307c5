import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { HoldfastError } from '../../activities/failure.ts';
import { cachedTool } from './cache.ts';
import { runCommand } from './run-command.ts';
import { TOOLS, type Tool, type ToolName } from './table.ts';

/**
 * Finds a tool without fetching or building anything: its environment variable, then PATH, then the cache.
 * @throws TOOL_MISSING when the variable names something that cannot be executed: a wish is not passed over
 */
export async function findToolIfAtHand(
  name: ToolName,
  options: { env?: NodeJS.ProcessEnv } = {},
): Promise<string | undefined> {
  const env = options.env ?? process.env;
  const tool: Tool = TOOLS[name];
  const wished = env[tool.variable];
  if (wished) {
    const path = resolve(wished);
    if (await isExecutable(path)) return path;
    throw new HoldfastError(
      'TOOL_MISSING',
      `${tool.variable} names ${wished}, which is not an executable file.`,
    );
  }
  return (await findOnPath(name, env)) ?? (await cachedTool(name, env));
}

async function findOnPath(name: ToolName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const tool: Tool = TOOLS[name];
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(folder, tool.command ?? name);
    if ((await isExecutable(path)) && (await isRecentEnough(path, tool))) return path;
  }
  return undefined;
}

/** Whether an executable says that it is a version that will do. */
export async function isRecentEnough(path: string, { reports }: Tool): Promise<boolean> {
  if (!reports) return false;
  const { output } = await runCommand(path, reports.arguments, {
    signal: AbortSignal.timeout(10_000),
  });
  const found = reports.pattern.exec(output)?.[1];
  return found !== undefined && isSameMajorAndNotOlder(found, reports.atLeast);
}

/** Compares `1.29.1` with `1.30.0` by number. */
export function isSameMajorAndNotOlder(version: string, atLeast: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = atLeast.split('.').map(Number);
  if (major !== wantedMajor) return false;
  return minor === wantedMinor ? patch >= wantedPatch : minor > wantedMinor;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
