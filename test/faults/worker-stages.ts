import { afterAll, beforeAll } from 'vitest';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';

interface Stoppable {
  stop(): Promise<void>;
}

/** For machines that have other things to do. */
export const PATIENCE_MS = 900_000;

/** For test files whose workers are processes of their own: what a file sets up ends with it. */
export function workerStages<S extends Stoppable, O extends object>(
  set: (options: O & { program: WorkerProgram }) => Promise<S>,
): { newStage: (options?: O) => Promise<S>; end: (stage: S) => Promise<void> } {
  let program: WorkerProgram;
  const stages = new Set<S>();
  beforeAll(async () => {
    program = await workerProgram();
  });
  afterAll(async () => {
    await Promise.all([...stages].map((stage) => stage.stop()));
    await program?.remove();
  });
  return {
    async newStage(options) {
      const stage = await set({ ...(options as O), program });
      stages.add(stage);
      return stage;
    },
    async end(stage) {
      stages.delete(stage);
      await stage.stop();
    },
  };
}
