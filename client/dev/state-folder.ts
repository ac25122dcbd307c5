import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const DATABASE = /^temporal-(\d[\w.]*)\.db$/;

/** Where `holdfast dev` keeps what Temporal remembers, one database for each version of the server. */
export interface DevState {
  folder: string;
  database: string;
  log: string;
  pids: string;
  /** The databases of other versions: kept, never read. */
  others: { path: string; version: string }[];
  /** There was none for this version. */
  fresh: boolean;
}

export function stateFolder(wished: string | undefined, env = process.env): string {
  if (wished) return resolve(wished);
  return env['XDG_STATE_HOME'] ? join(env['XDG_STATE_HOME'], 'holdfast') : resolve('.holdfast');
}

/** The server makes its schema only in a new file and never migrates one: hence one file for each version. */
export async function openState(folder: string, serverVersion: string): Promise<DevState> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const versions = (await readdir(folder))
    .map((name) => DATABASE.exec(name)?.[1])
    .filter((version) => version !== undefined);
  const pathOf = (version: string) => join(folder, `temporal-${version}.db`);
  return {
    folder,
    database: pathOf(serverVersion),
    log: join(folder, 'temporal.log'),
    pids: join(folder, 'temporal.pid'),
    others: versions
      .filter((version) => version !== serverVersion)
      .map((version) => ({ version, path: pathOf(version) })),
    fresh: !versions.includes(serverVersion),
  };
}
