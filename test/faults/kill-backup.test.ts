import { describe, expect, test } from 'vitest';
import { startWebhook } from '../support/webhook.ts';
import { audit, isLocked } from './audit.ts';
import { ending, until } from './following.ts';
import { BACKUP, CANCELLED_BACKUP, TOLD, UPLOADS } from './kill-steps.ts';
import { setStage } from './stage.ts';
import { surviving } from './surviving.ts';
import { PATIENCE_MS, workerStages } from './worker-stages.ts';

const { newStage } = workerStages(setStage);

describe.concurrent('a backup whose workers are killed', () => {
  test.each(Object.entries(BACKUP))(
    '%s ends with one whole backup and nothing else',
    async (_, steps) => {
      const stage = await newStage();
      const { result, failure, unreached } = await surviving(stage, steps, () =>
        stage.holdfast.start('backup', { target: 'metrics' }),
      );
      const { backups, problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ state: 'ok', artifacts: 72 });
      expect(backups).toEqual([(result as { backup: string }).backup]);
      expect(await isLocked(stage.holdfast.client, 'target/metrics')).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'in the midst of multipart uploads ends without an open one',
    async () => {
      const stage = await newStage({ shards: 6, shardBytes: 12 * 1024 * 1024 });
      const { result, failure, unreached } = await surviving(stage, UPLOADS, () =>
        stage.holdfast.start('backup', { target: 'remote' }),
      );
      const { backups, problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ state: 'ok', artifacts: 8 });
      expect(backups).toEqual([(result as { backup: string }).backup]);
    },
    PATIENCE_MS,
  );

  test(
    'while it tells how it ended: is told, if need be twice, and ends well',
    async () => {
      await using webhook = await startWebhook();
      process.env['FAULTS_WEBHOOK'] = webhook.url;
      const notify = [{ webhook: { env: 'FAULTS_WEBHOOK' }, on: ['succeeded', 'warned'] }];
      const stage = await newStage({ shards: 1, target: { notify } });
      const { result, failure, unreached } = await surviving(stage, TOLD, () =>
        stage.holdfast.start('backup', { target: 'metrics' }),
      );
      expect({ failure, unreached }).toEqual({ unreached: [] });
      const { backup } = result as { backup: string };
      const told = webhook.notices.map((notice) => notice.backup);
      expect(told.length).toBeGreaterThanOrEqual(2);
      expect(new Set(told)).toEqual(new Set([backup]));
    },
    PATIENCE_MS,
  );

  test(
    'during its cancel, and that of another which waits for it, leaves nothing',
    async () => {
      const stage = await newStage();
      stage.source.switches.shardStalls = { shards: [40] };
      const holder = () => stage.holdfast.start('backup', { target: 'metrics' });
      const { failure, unreached } = await surviving(stage, CANCELLED_BACKUP, async () => {
        const first = await holder();
        void (async () => {
          await until('it streams', () =>
            stage.source.requests.some(({ path }) => path.includes('shards/40')),
          );
          const waiting = await holder();
          expect(await ending(waiting)).toMatchObject({ code: 'LOCK_HELD' });
          await first.signal('cancel');
        })();
        return first;
      });
      const { backups, problems } = await audit(stage);

      expect({ unreached, backups, problems }).toEqual({
        unreached: [],
        backups: [],
        problems: [],
      });
      expect(failure).toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(await isLocked(stage.holdfast.client, 'target/metrics')).toBe(false);
    },
    PATIENCE_MS,
  );
});
