import type { DeleteJob } from '../../workflows/contract/activities.ts';
import { backupFolder } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/** The deletion of one backup is refused because of what cannot be read: of itself, or of another one. */
export function refusedUnread(
  store: Store,
  { backup, snapshot }: Pick<DeleteJob, 'backup' | 'snapshot'>,
  unread: string,
  error: unknown,
): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const { code, message, hint } = error;
  if (code !== 'BACKUP_DAMAGED' && code !== 'BACKUP_FORMAT_NEWER') return error;
  const { target, kind } = snapshot;
  const why =
    unread === backup
      ? `Backup ${backup} of ${target} is not deleted: only its manifest tells what the database wrote for it.`
      : `Backup ${backup} of ${target} is not deleted, nor is any other of ${target} until somebody has looked at ` +
        `${unread}: what that one rests on cannot be read.`;
  const product =
    kind === 'delegated'
      ? `what the database's storage has under its name (also with -2, -3 at the end), then `
      : '';
  const copy =
    kind === 'delegated' && unread !== backup
      ? `Where it is the copy that cannot be read (\`collected.…\`), \`holdfast copy ${target} ${unread}\` makes it whole. `
      : '';
  const byHand =
    `${copy}Bring back what was there, by an older version of the object or a copy of the store. Else, when no other backup rests ` +
    `on ${unread} (\`holdfast show --json --objects\`: \`bases\`, \`from\`), remove by hand ${product}its folder ` +
    `${store.place}/${backupFolder(target, unread)}.`;
  return new HoldfastError(code, `${why} ${message}`, {
    cause: error,
    hint: code === 'BACKUP_DAMAGED' ? byHand : hint,
  });
}
