import { HoldfastError } from '../../activities/failure.ts';
import { findToolIfAtHand } from './at-hand.ts';
import { cachedTool, cachePath, intoCache, sweepPartials } from './cache.ts';
import { unpackDebian } from './debian-package.ts';
import { buildWithGo } from './go-build.ts';
import { withLock } from './lock.ts';
import type { Produced } from './produced.ts';
import { TOOLS, type Tool, type ToolName } from './table.ts';
import { downloadTemporal } from './temporal-download.ts';

export { findToolIfAtHand };

export interface FindToolOptions {
  /** false: neither download nor build. */
  build?: boolean;
  /** Told what is going on, a line at a time; by default on stderr. */
  onProgress?: (line: string) => void;
  env?: NodeJS.ProcessEnv;
}

/**
 * The absolute path of an executable of the tool: its environment variable, PATH (with a look at the version), the
 * cache, the vendor's download, a build from source or a package of the distribution. All but the first three may take minutes; they say so and cache what they made.
 * @throws TOOL_MISSING with what to do about it
 */
export async function findTool(name: ToolName, options: FindToolOptions = {}): Promise<string> {
  const { build = true, env = process.env } = options;
  const tell = options.onProgress ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const atHand = await findToolIfAtHand(name, { env });
  if (atHand !== undefined) return atHand;
  if (!build) throw missing(name, 'is not on this machine');

  return withLock(
    `${cachePath(name, env)}.lock`,
    { onWait: () => tell(`${name}: another process is fetching it; waiting for that …`) },
    async () => {
      await sweepPartials(env);
      return (await cachedTool(name, env)) ?? (await fetchTool(name, env, tell));
    },
  );
}

async function fetchTool(
  name: ToolName,
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<string> {
  const label = `${name} ${TOOLS[name].version}`;
  if (name === 'temporal') {
    tell(`${label}: not on this machine; trying the vendor's download …`);
    const downloaded = await intoCache(name, env, (folder) => downloadTemporal(folder, tell));
    if (downloaded !== undefined) return downloaded;
  }
  let problem = '';
  const built = await intoCache(name, env, async (folder) => {
    const result = await produce(name, folder, env, tell);
    if ('path' in result) return result.path;
    problem = result.problem;
    return undefined;
  });
  if (built !== undefined) return built;
  const how = (TOOLS[name] as Tool).go ? 'built' : 'fetched';
  throw missing(name, `is not on this machine and could not be ${how}: ${problem}`);
}

async function produce(
  name: ToolName,
  folder: string,
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<Produced> {
  const tool: Tool = TOOLS[name];
  if (tool.go) return buildWithGo(name, tool.go, folder, env, tell);
  if (tool.debian) return unpackDebian(name, tool.debian, folder, env, tell);
  return { problem: 'nobody knows how' };
}

function missing(name: ToolName, why: string): HoldfastError {
  const { variable, version, otherwise }: Tool = TOOLS[name];
  return new HoldfastError('TOOL_MISSING', `The program ${name} (${version}) ${why}.`, {
    hint: `Set ${variable} to the path of its executable, or ${otherwise} so that it is on PATH.`,
  });
}
