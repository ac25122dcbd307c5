/** Where things lie in a store (docs/formats.md). Folders end in `/`; keys are relative to the store's prefix. */

export function targetFolder(target: string): string {
  return `${target}/`;
}

export function backupFolder(target: string, backup: string): string {
  return `${target}/${backup}/`;
}

export const MANIFEST = 'backup.json';
export const OBJECTS = 'objects.ndjson.gz';
export const DELETING = 'deleting.json';
export const DATA = 'data/';
export const PROOFS = 'proofs/';
export const LEASES = 'leases/';
export const WORK = 'work/';
export const RUN = 'work/run.json';

/** What a restore or verify under way keeps beside the backup that it reads. */
export function workFolderOf(target: string, backup: string, runId: string): string {
  return `${backupFolder(target, backup)}${WORK}${runId}/`;
}
