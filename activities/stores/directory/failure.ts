import { HoldfastError } from '../../failure.ts';
import type { FailureCode } from '../../../workflows/contract/failures.ts';

/** The one place that turns errors of the file system into ours. `action` reads like `write metrics/x.tar`. */
export function directoryFailure(error: unknown, store: string, action: string): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  const errno = (error as NodeJS.ErrnoException).code;
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) return error;
  const [code, reason, hint] = REASONS[errno] ?? ['STORE_ERROR', 'the file system failed'];
  return new HoldfastError(code, `${store} could not ${action}: ${reason} (${errno}).`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The bytes, or what leads to them, are there and damaged, as far as the file system knows. */
export function isUnreadable(error: unknown): boolean {
  const code = errnoOf(error);
  return code !== undefined && UNREADABLE.test(code);
}

/** Somebody else's, or closed by its mode. */
export function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '');
}

/** The last one is EUCLEAN, which Linux tells of broken structures and Node has no name for. */
const UNREADABLE = /^(?:EIO|EBADMSG|EUCLEAN|Unknown system error -117)$/;

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

const NO_LINKS =
  'the file system has no hard links (FAT and exFAT have none; use ext4, XFS or the like)';

const SILENT_HINT =
  'See whether the disk, or the server of the network file system, is there: this one, or one of another directory of the ' +
  'same worker, which may hold this one up. Where it was mounted anew, restart the worker.';

const REASONS: Record<string, [code: FailureCode, reason: string, hint?: string]> = {
  ENOSPC: ['STORE_FULL', 'the disk is full'],
  EDQUOT: ['STORE_FULL', 'the quota of the disk is used up'],
  EFBIG: ['STORE_REFUSED', 'the file system cannot hold a file of this size'],
  EACCES: ['STORE_DENIED', 'access denied'],
  EPERM: ['STORE_DENIED', 'the file system does not permit it'],
  EROFS: ['STORE_DENIED', 'the file system is read-only'],
  ENOENT: ['OBJECT_MISSING', 'there is no such object'],
  EISDIR: ['OBJECT_MISSING', 'there is no such object'],
  ENOTDIR: ['STORE_REFUSED', 'an object has the name of one of its folders'],
  ENAMETOOLONG: ['STORE_REFUSED', 'the name is too long for the file system'],
  ENOTSUP: ['STORE_REFUSED', NO_LINKS],
  ENOSYS: ['STORE_REFUSED', NO_LINKS],
  EMFILE: ['STORE_ERROR', 'too many open files'],
  ETIMEDOUT: ['STORE_STALLED', 'the file system does not answer', SILENT_HINT],
  ESTALE: ['STORE_ERROR', 'the network file system lost the file'],
};
