import { posix } from 'node:path';
import { backupFolder, targetFolder } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';

/**
 * Where the object of a line lies: in the backup's own folder, or in that of an earlier backup of the same target. A
 * manifest that points anywhere else is damaged, or somebody's attempt to have us read what is not theirs.
 * @param folder the key prefix of the backup, ending in `/`
 * @throws BACKUP_DAMAGED
 */
export function lineKey(folder: string, line: Pick<ObjectLine, 'path' | 'from'>): string {
  const relative = line.from ?? line.path;
  const key = posix.join(folder, relative);
  const inside = line.from === undefined ? folder : parentOf(folder);
  const strange = relative.startsWith('/') || /[\\\0]/.test(relative);
  if (strange || !key.startsWith(inside) || key === inside) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `The manifest of ${folder} names an object outside of its target: ${relative.slice(0, 200)}.`,
    );
  }
  return key;
}

/**
 * The `from` by which another backup of the target names the object of a line: wherever it truly lies.
 * @throws BACKUP_DAMAGED
 */
export function lineFrom(
  line: Pick<ObjectLine, 'path' | 'from'>,
  { target, id }: { target: string; id: string },
): string {
  return `../${lineKey(backupFolder(target, id), line).slice(targetFolder(target).length)}`;
}

function parentOf(folder: string): string {
  return `${posix.dirname(folder)}/`;
}
