import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { checkKey } from '../keys.ts';

/** Where things lie below the root. Files of the store itself are told from objects by their names. */
export const HOST_MARKER = '.holdfast-host';
const TEMPORARY = '.holdfast-part~';

/** Never leads out of the root: `checkKey` refuses every segment that could. */
export function pathOf(root: string, store: string, key: string): string {
  checkKey(store, key);
  return join(root, ...key.split('/'));
}

/** Beside the object, because a link must not cross file systems. Says for whom it is, as far as the length allows. */
export function temporaryFor(path: string): string {
  const name = Buffer.from(basename(path))
    .subarray(0, 200)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return join(dirname(path), `${TEMPORARY}${randomBytes(8).toString('hex')}~${name}`);
}

/** The name of the object that a temporary file was to become, or undefined for any other file. */
export function intendedName(file: string): string | undefined {
  if (!file.startsWith(TEMPORARY)) return undefined;
  return file.slice(file.indexOf('~', TEMPORARY.length) + 1);
}

export function isOwnFile(file: string): boolean {
  return file === HOST_MARKER || file.startsWith(TEMPORARY);
}
