import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../support/death-wish.ts';
import { buildWorkerProgram, type WorkerProgram } from '../support/worker-program.ts';
import { audit, isLocked } from './audit.ts';
import { setStage, type Stage } from './stage.ts';
import { surviving } from './surviving.ts';

let program: WorkerProgram;
/** For machines that have other things to do. */
const PATIENCE_MS = 900_000;
const stages: Stage[] = [];

beforeAll(async () => {
  program = await buildWorkerProgram();
});
afterAll(async () => {
  await Promise.all(stages.map((stage) => stage.stop()));
  await program?.remove();
});

async function newStage(options: Parameters<typeof setStage>[0] = {}): Promise<Stage> {
  const stage = await setStage({ ...options, program });
  stages.push(stage);
  return stage;
}

describe.concurrent(
  'a backup whose workers are killed ends with one whole backup and nothing else',
  () => {
    const chains: [string, string, Step[]][] = [
      [
        'before the first byte',
        'metrics',
        [
          'resolveBackup before',
          'resolveBackup after',
          'lookAtLock before',
          'lookAtLock after',
          'preflight before',
          'preflight answer 1',
          'preflight after',
          'openBackup before',
          'openBackup link 1',
          'openBackup after',
        ],
      ],
      [
        'while it captures and streams',
        'metrics',
        [
          'captureBackup before',
          'captureBackup answer 1',
          'captureBackup link 1',
          'captureBackup link 3',
          'captureBackup link 5',
          'captureBackup after',
          'transferPage before',
          'transferPage answer 9',
          'transferPage link 20',
          'transferPage after',
        ],
      ],
      [
        'while it commits',
        'metrics',
        [
          'commitBackup before',
          'commitBackup link 1',
          'commitBackup link 2',
          'commitBackup link 3',
          'commitBackup after',
          'tidyBackup before',
          'tidyBackup unlink 2',
          'tidyBackup after',
        ],
      ],
    ];
    test.each(chains)(
      'P-01: %s, into a directory',
      async (_, target, steps) => {
        const stage = await newStage();
        const { result, failure, unreached } = await surviving(stage, steps, () =>
          stage.holdfast.start('backup', { target }),
        );
        const { backups, problems } = await audit(stage);

        expect({ failure, unreached, problems }).toEqual({
          failure: undefined,
          unreached: [],
          problems: [],
        });
        expect(result).toMatchObject({ state: 'ok', artifacts: 72 });
        expect(backups).toEqual([(result as { backup: string }).backup]);
        expect(await isLocked(stage.holdfast.client, `target/${target}`)).toBe(false);
      },
      PATIENCE_MS,
    );
  },
);
