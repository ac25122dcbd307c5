export { backup } from './backup.ts';
export { copy } from './copy.ts';
export { deleteBackup as delete } from './delete.ts';
export { lock } from './lock.ts';
export { restore } from './restore.ts';
// oxlint-disable-next-line import/no-default-export -- what the SDK runs for every type that has no export of its own
export { unknownOperation as default } from './unknown-operation.ts';
export { verify } from './verify.ts';
