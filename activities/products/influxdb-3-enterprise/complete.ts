import type { Warning } from '../../../workflows/contract/progress.ts';
import type { StoredObject } from '../../stores/store.ts';
import type { BackupRecord } from './records.ts';

export type Completeness =
  { complete: true; warnings: Warning[] } | { complete: false; problem: string };

/**
 * Compares a backup's objects with the two figures that the server tells. Whether its own description counts among the
 * files is not published, so there may be more, which weakens the comparison of bytes and is told.
 */
export function checkComplete(
  record: BackupRecord,
  objects: StoredObject[],
  place: string,
): Completeness {
  const { name, total_files: files, total_size_bytes: bytes } = record;
  const problem = (what: string): Completeness => ({
    complete: false,
    problem: `Backup ${name} is not whole: ${what} (${place}).`,
  });
  if (files === undefined || bytes === undefined) {
    return problem('the server does not say how many files it has');
  }
  if (files === 0) return problem('the server says that it has no files at all');
  if (objects.length === 0)
    return problem(
      `the server says ${files} files, and there are none: unless somebody removed them, \`connection.storage\` is not its object store, or \`connection.clusterId\` not its id`,
    );
  if (objects.length < files) {
    return problem(`the server says ${files} files, and there are ${objects.length}`);
  }
  const sum = objects.reduce((all, one) => all + one.bytes, 0);
  if (objects.length === files) {
    if (sum === bytes) return { complete: true, warnings: [] };
    return problem(`the server says ${bytes} bytes in ${files} files, and there are ${sum}`);
  }
  const more = objects.length - files;
  const sizes = objects.map((one) => one.bytes).sort((a, b) => a - b);
  const least = sizes.slice(0, more).reduce((all, one) => all + one, 0);
  const empty = objects.find((one) => one.bytes === 0);
  if (empty) return problem(`${empty.key} is empty`);
  if (sum - bytes < least) {
    return problem(`the server says ${bytes} bytes, and ${sum} with ${more} further objects`);
  }
  return {
    complete: true,
    warnings: [
      {
        code: 'OBJECTS_UNCOUNTED',
        subject: name,
        message: `The server counts ${files} files in backup ${name}, and ${objects.length} objects lie there: that none is cut short is known less surely.`,
      },
    ],
  };
}
