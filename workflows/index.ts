export { backup } from './backup.ts';
export { copy } from './copy.ts';
export { deleteBackup as delete } from './delete.ts';
export { lock } from './lock.ts';
export { restore } from './restore.ts';
export { verify } from './verify.ts';
