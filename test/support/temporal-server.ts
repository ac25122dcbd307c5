import 'vitest';
import type { TestProject } from 'vitest/node';
import { shareCommandBundle } from './command-bundle.ts';
import { startTemporal } from './temporal.ts';
import { shareWorkerProgram } from './worker-program.ts';
import { shareWorkflowBundle } from './workflow-bundle.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `127.0.0.1:<port>` of the server that the whole run of a project shares. */
    temporalAddress: string;
  }
}

/** One Temporal server for all tests of a project; tests keep apart by fresh names of targets and task queues. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server, workflows] = await Promise.all([startTemporal(), shareWorkflowBundle()]);
  const [removeCommand, removeWorker] = await Promise.all([
    shareCommandBundle(workflows.path),
    shareWorkerProgram(),
  ]);
  project.provide('temporalAddress', server.address);
  return async () => {
    await server.stop();
    await Promise.all([removeCommand(), removeWorker(), workflows.remove()]);
  };
}
