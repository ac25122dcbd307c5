import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, loadConfig } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Loads the text as `holdfast.yaml` in a folder of its own. */
export async function load(text: string, env: NodeJS.ProcessEnv = {}): Promise<Config> {
  await using folder = await temporaryFolder('config');
  const path = join(folder.path, 'holdfast.yaml');
  await writeFile(path, text);
  return await loadConfig({ path, env });
}

/** The problems of a text that must be refused: one line each, without the file's folder. */
export async function problemsOf(text: string): Promise<string[]> {
  try {
    await load(text);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('The configuration was taken for valid.');
}

/** A whole configuration with one store and one target, some lines of which are replaced. */
export function withTarget(lines = '', connection = '{ url: http://a:8086, token: { env: T } }') {
  return [
    'stores:',
    '  main: { type: directory, path: ./backups }',
    'targets:',
    '  metrics:',
    '    product: influxdb-v2',
    `    connection: ${connection}`,
    '    store: main',
    ...lines.split('\n').filter(Boolean),
    '',
  ].join('\n');
}

/** The line on which the lines given to `withTarget` begin. */
export const FIRST = 8;
