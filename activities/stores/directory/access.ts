import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { HoldfastError } from '../../failure.ts';
import { errnoOf } from './failure.ts';

/** Who may use what is written. */
export interface Access {
  fileMode: number;
  folderMode: number;
  /** Whose it shall be. Absent: whoever writes it. */
  owner?: Owner;
  /** Whose it shall be where that can be: else it stays with whoever writes it. */
  heir?: Owner;
}

interface Owner {
  uid: number;
  gid: number;
}

/** A store's own: backups hold what only the database may show. */
export const PRIVATE: Access = { fileMode: 0o600, folderMode: 0o700 };

/** What root writes, on behalf of a command, is to be read by the service whose directory it is. */
export async function ownAccess(root: string): Promise<Access> {
  if (process.geteuid?.() !== 0) return PRIVATE;
  const { uid, gid } = await stat(root);
  return uid === 0 ? PRIVATE : { ...PRIVATE, heir: { uid, gid } };
}

/** In another program's directory, whatever uses its root can use what is written below it. */
export async function accessLike(root: string): Promise<Access> {
  const { mode, uid, gid } = await stat(root);
  // Without the sticky bit, which would keep that program from removing what is not its own.
  return { fileMode: mode & 0o666, folderMode: mode & 0o2777, owner: { uid, gid } };
}

/**
 * Gives a new file or folder what the access asks for, as far as this user may.
 * @throws STORE_DENIED when the owner of the root could not use it then
 */
export async function grant(
  handle: FileHandle,
  { fileMode, folderMode, owner, heir }: Access,
  path: string,
): Promise<void> {
  // Network file systems may keep root from it, and then know root as somebody else anyway.
  if (heir) await handle.chown(heir.uid, heir.gid).catch(() => undefined);
  if (!owner) return;
  const created = await handle.stat();
  const wanted = created.isDirectory() ? folderMode : fileMode;
  // The umask has taken from the mode with which it was created.
  if ((created.mode & 0o7777) !== wanted) await handle.chmod(wanted);
  if (created.uid === owner.uid && created.gid === owner.gid) return;
  await unlessForbidden(handle.chown(owner.uid, owner.gid));
  let given = await handle.stat();
  if (given.gid !== owner.gid) {
    await unlessForbidden(handle.chown(given.uid, owner.gid));
    given = await handle.stat();
  }
  const mine = (wanted >> 6) & 0o7;
  const reached =
    given.uid === owner.uid ||
    (wanted & 0o7) === mine ||
    (given.gid === owner.gid && ((wanted >> 3) & 0o7) === mine);
  if (reached) return;
  throw new HoldfastError(
    'STORE_DENIED',
    `What the user ${given.uid} writes to ${path} cannot be given to the user ${owner.uid} and the group ${owner.gid}, whose ` +
      'directory it lies in, and they could not use it.',
    { hint: SHARING },
  );
}

async function unlessForbidden(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
  }
}

/** What to know before something is written into another program's directory; undefined where all will be well. */
export async function foreignDirectory(root: string): Promise<string | undefined> {
  const found = await stat(root).catch(() => undefined);
  const uid = process.geteuid?.();
  if (!found || uid === undefined || uid === 0 || uid === found.uid) return undefined;
  if ((found.mode & 0o7) === 0o7) return undefined;
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  const shared = groups.includes(found.gid) && ((found.mode >> 3) & 0o7) === 0o7;
  const whose = `${root} belongs to the user ${found.uid} (mode ${(found.mode & 0o7777).toString(8)}), and this is the user ${uid}`;
  return shared
    ? `${whose}: what a restore puts back there will belong to this user and the group ${found.gid}, in which the database's user has to be.`
    : `${whose}, who may not write there: a restore from the copy cannot put anything back. ${SHARING}`;
}

const SHARING =
  'Run the worker as the user of the database, or let both be in one group that the directory belongs to (`chmod 2770`).';
