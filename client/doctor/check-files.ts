import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../activities/config/config.ts';
import { stateFolder } from '../dev/state-folder.ts';
import type { Check } from './check.ts';
import { secretReferences } from './secret-references.ts';

const OTHERS_MAY_READ = 0o004;
const OTHERS_MAY_WRITE = 0o022;
const ANYBODY_ELSE = 0o077;

/** Secrets that others may read, and folders with spooled or remembered data that others may enter. */
export async function checkFiles(config: Config): Promise<Check[]> {
  const secrets = [
    ...new Set(
      secretReferences([
        config.temporal,
        ...config.stores.values(),
        ...config.targets.values(),
      ]).flatMap(({ reference }) => ('file' in reference ? [reference.file] : [])),
    ),
  ];
  const folders = [stateFolder(undefined), spoolFolder()];
  const checks = await Promise.all([
    ...secrets.map((path) => check(path, OTHERS_MAY_READ | OTHERS_MAY_WRITE, 'chmod 600')),
    ...folders.map((path) => check(path, ANYBODY_ELSE, 'chmod 700')),
  ]);
  return checks.filter((each) => each !== undefined);
}

async function check(path: string, forbidden: number, remedy: string): Promise<Check | undefined> {
  const found = await stat(path).catch(() => undefined);
  // A missing secret is told by whoever needs it; a missing folder has not been needed yet.
  if (!found) return undefined;
  const mode = (found.mode & 0o777).toString(8).padStart(3, '0');
  if ((found.mode & forbidden) === 0) {
    return { area: 'files', subject: path, level: 'ok', message: `mode ${mode}` };
  }
  return {
    area: 'files',
    subject: path,
    level: 'problem',
    message: `mode ${mode} lets others in`,
    hint: `${takenOver(path, found.uid)}${remedy} ${path}`,
  };
}

/** What is closed to all but its owner is closed to this user, too, where another one owns it, as root does in a container. */
function takenOver(path: string, owner: number): string {
  const user = process.getuid?.() ?? 0;
  return user === 0 || user === owner ? '' : `chown ${user} ${path} && `;
}

function spoolFolder(): string {
  return join(tmpdir(), `holdfast-spool-${process.getuid?.() ?? 0}`);
}
