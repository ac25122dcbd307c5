import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../failure.ts';

export interface ConfigSource {
  /** As given with `--config`. */
  path?: string | undefined;
  /** Default: the environment of this process. */
  env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Where the configuration is: as given, else `$HOLDFAST_CONFIG`, else `./holdfast.yaml`, else
 * `~/.config/holdfast/holdfast.yaml`.
 * @throws CONFIG_INVALID when there is none
 */
export function findConfig(source: ConfigSource): string {
  const found = findConfigIfAny(source);
  if (found !== undefined) return found;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `There is no configuration file: neither ${usualPlaces(source).join(' nor ')} exists.`,
    { hint: 'Write holdfast.yaml, or name another file with --config or HOLDFAST_CONFIG.' },
  );
}

/** @throws CONFIG_INVALID when one is named that does not exist */
export function findConfigIfAny(source: ConfigSource): string | undefined {
  const { path, env = process.env } = source;
  const named = path ?? (env.HOLDFAST_CONFIG || undefined);
  if (named === undefined) return usualPlaces(source).find((place) => existsSync(place));
  if (existsSync(named)) return resolve(named);
  throw new HoldfastError(
    'CONFIG_INVALID',
    `There is no configuration file ${named}${path ? '' : ', which HOLDFAST_CONFIG names'}.`,
  );
}

function usualPlaces({ env = process.env }: ConfigSource): string[] {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return [resolve('holdfast.yaml'), join(folder, 'holdfast/holdfast.yaml')];
}

/** A path of the file, made absolute: `~/` is the home, all else is relative to the file's folder. */
export function resolvePath(path: string, folder: string, env: NodeJS.ProcessEnv): string {
  return path.startsWith('~/') ? join(env.HOME || homedir(), path.slice(2)) : resolve(folder, path);
}
