import type { DelegatedContext, DelegatedProduct, DelegatedSession } from '../delegated.ts';
import { createBackupJobs } from './backup-jobs.ts';
import { connectionSchema, unfiltered } from './config.ts';
import { held } from './held.ts';
import { preflight } from './preflight.ts';
import { createRestoreJobs } from './restore-jobs.ts';
import { openWeaviate } from './session.ts';
import { storageOf } from './storage.ts';

/** Weaviate, from 1.24 on. README.md beside this file says what it backs up and how. */
export const weaviate: DelegatedProduct = {
  name: 'weaviate',
  kind: 'delegated',
  honours: ['full'],
  connection: connectionSchema,
  unfiltered,
  storage: storageOf,
  held,
  connect,
};

function connect(context: DelegatedContext): DelegatedSession {
  const opened = openWeaviate(context);
  const { client } = opened;
  return {
    preflight: (purpose) => preflight({ ...opened, server: client.server }, purpose),
    backup: createBackupJobs(opened),
    restore: createRestoreJobs(opened),
    close: () => client.close(),
  };
}
