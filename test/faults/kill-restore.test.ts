import { describe, expect, test } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.ts';
import { createActivities } from '../../activities/index.ts';
import type { InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { filesBelow } from '../support/files-below.ts';
import { audit, isLocked } from './audit.ts';
import { until } from './following.ts';
import * as steps from './kill-steps.ts';
import { bucketsOf, pointsOf, setStage, type Stage } from './stage.ts';
import { surviving } from './surviving.ts';
import { PATIENCE_MS, workerStages } from './worker-stages.ts';

const CENTURY_S = 100 * 365 * 24 * 3600;
const stages = workerStages(setStage);

/** With one backup of `metrics`, in which every bucket has a retention. */
async function newStage(): Promise<Stage> {
  const stage = await stages.newStage();
  for (const bucket of stage.source.state.metadata.buckets) bucket.retentionSeconds = CENTURY_S;
  const worker = await stage.worker();
  await stage.holdfast.run('backup', { target: 'metrics' });
  await worker.kill();
  return stage;
}

const start = (stage: Stage) =>
  stage.holdfast.start('restore', {
    target: 'metrics',
    into: 'spare',
    select: { buckets: ['telemetry'] },
    rename: { 'acme/': 'other' },
  });

/** A restore keeps what it brings back from expiring, for as long as it runs. */
const retentionsOf = ({ state }: InfluxSimulator) =>
  state.metadata.buckets.map(({ name, retentionSeconds }) => `${name} ${retentionSeconds}`);

async function proofsOf(stage: Stage): Promise<number> {
  return (await filesBelow(stage.disk)).filter((key) => key.includes('/proofs/')).length;
}

describe.concurrent('a restore whose workers are killed', () => {
  test.each(Object.entries(steps.RESTORE))(
    '%s brings every point back, once',
    async (_, chain) => {
      const stage = await newStage();
      const { result, failure, unreached } = await surviving(stage, chain, () => start(stage));
      const { problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ proof: { identical: 70 } });
      expect(bucketsOf(stage.spare)).toEqual(['other/other', 'other/telemetry']);
      expect(await pointsOf(stage.spare, 'telemetry')).toEqual(
        await pointsOf(stage.source, 'telemetry'),
      );
      expect(await proofsOf(stage)).toBe(1);
      expect(await isLocked(stage.holdfast.client, 'target/spare')).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'of a whole server leaves it with everything of the backup, and a safety backup of what it had',
    async () => {
      const stage = await newStage();
      const { result, failure, unreached } = await surviving(stage, steps.WHOLE_RESTORE, () =>
        stage.holdfast.start('restore', { target: 'metrics', into: 'spare', confirm: 'spare' }),
      );
      const { problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ proof: { identical: 70 } });
      expect(bucketsOf(stage.spare)).toEqual(bucketsOf(stage.source));
      expect(retentionsOf(stage.spare)).toEqual(retentionsOf(stage.source));
      expect(await pointsOf(stage.spare, 'telemetry')).toEqual(
        await pointsOf(stage.source, 'telemetry'),
      );
      expect(await filesBelow(stage.disk)).toContainEqual(
        expect.stringMatching(/^spare\/.*\/backup\.json$/),
      );
    },
    PATIENCE_MS,
  );

  test(
    'beside what is there changes places with it once',
    async () => {
      const stage = await newStage();
      const { result, failure, unreached } = await surviving(stage, steps.REPLACING_RESTORE, () =>
        stage.holdfast.start('restore', {
          target: 'metrics',
          into: 'spare',
          select: { buckets: ['telemetry'] },
          rename: { 'acme/': 'other', telemetry: 'other' },
          onConflict: 'replace',
          confirm: 'spare',
        }),
      );
      const { problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ proof: { identical: 70 } });
      expect(bucketsOf(stage.spare)).toEqual([
        'other/other',
        expect.stringMatching(/^other\/other\.replaced-/),
      ]);
      expect(await pointsOf(stage.spare, 'other')).toEqual(
        await pointsOf(stage.source, 'telemetry'),
      );
    },
    PATIENCE_MS,
  );

  test(
    'while it undoes what was cancelled leaves the destination as it was',
    async () => {
      const stage = await newStage();
      stage.spare.switches.restoreAnswerMs = 100_000;
      const { failure, unreached } = await surviving(stage, steps.CANCELLED_RESTORE, async () => {
        const handle = await start(stage);
        void until('shards are sent', () =>
          stage.spare.requests.some(({ path }) => path.includes('restore/shards')),
        ).then(() => handle.cancel());
        return handle;
      });
      const { problems } = await audit(stage);

      expect({ unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(failure).toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(bucketsOf(stage.spare)).toEqual(['other/other']);
      expect(await isLocked(stage.holdfast.client, 'target/spare')).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'and a verification likewise tells the truth, and records one proof',
    async () => {
      const stage = await newStage();
      const { result, failure, unreached } = await surviving(stage, steps.VERIFY, () =>
        stage.holdfast.start('verify', { target: 'metrics', depth: 'deep' }),
      );
      const { problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ ok: true, findings: [] });
      expect(await proofsOf(stage)).toBe(1);
    },
    PATIENCE_MS,
  );
});

test('every activity is killed before its body and after it', () => {
  const killed: string[] = Object.values(steps)
    .flatMap((chains) => (Array.isArray(chains) ? [chains] : Object.values(chains)))
    .flat();
  const missing = Object.keys(createActivities({} as Dependencies))
    .flatMap((name) => [`${name} before`, `${name} after`])
    .filter((step) => !killed.includes(step));
  expect(missing).toEqual([]);
});
