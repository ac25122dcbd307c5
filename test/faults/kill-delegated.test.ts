import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { classesOf } from '../workflows/seed-articles.ts';
import { audit, isLocked } from './audit.ts';
import { setDelegatedStage, type DelegatedStage } from './delegated-stage.ts';
import { until } from './following.ts';
import * as steps from './kill-steps.ts';
import { surviving } from './surviving.ts';
import { PATIENCE_MS, workerStages } from './worker-stages.ts';

const { newStage } = workerStages(setDelegatedStage);

const copyOf = ({ holdfast }: DelegatedStage, backup: string) =>
  holdfast.client.workflow.getHandle(`copy/articles/${backup}`);

/** A stage with a backup whose copy has ended. */
async function withBackup(): Promise<{ stage: DelegatedStage; backup: string }> {
  const stage = await newStage();
  const worker = await stage.worker();
  const { backup } = await stage.holdfast.run('backup', { target: 'articles' });
  await copyOf(stage, backup).result();
  await worker.kill();
  return { stage, backup };
}

describe.concurrent('workers that are killed while a product writes and restores', () => {
  test.each(Object.entries(steps.BACKUP_JOB))(
    'a backup, %s, ends with one whole backup and its copy',
    async (_, chain) => {
      const stage = await newStage();
      const start = () => stage.holdfast.start('backup', { target: 'articles' });
      const { result, failure, unreached } = await surviving(stage, chain, start);
      expect({ failure, unreached }).toEqual({ unreached: [] });
      const { backup } = result as { backup: string };
      const worker = await stage.worker();
      await copyOf(stage, backup).result();
      await worker.kill();

      const { backups, problems } = await audit(stage);
      expect(problems).toEqual([]);
      expect(backups).toEqual([backup]);
      const folders = new Set((await filesBelow(stage.storage)).map((file) => file.split('/')[0]));
      expect([...folders].every((name) => name?.startsWith(backup))).toBe(true);
      expect(await isLocked(stage.holdfast.client, 'target/articles')).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'a copy goes on where it was',
    async () => {
      const stage = await newStage();
      let backup = '';
      const { result, failure, unreached } = await surviving(stage, steps.COPY, async () => {
        await stage.holdfast.start('backup', { target: 'articles' });
        // The first worker dies in the copy, before the backup has answered.
        await until('the copy begins', async () => {
          for await (const run of stage.holdfast.client.workflow.list()) {
            if (run.type === 'copy') backup = run.workflowId.split('/')[2] ?? '';
          }
          return backup !== '';
        });
        return copyOf(stage, backup);
      });
      const { backups, problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ backup, method: 'streamed' });
      expect(backups).toEqual([backup]);
    },
    PATIENCE_MS,
  );

  test.each(Object.entries(steps.RESTORE_JOB))(
    'a restore, %s, brings everything back, proven',
    async (_, chain) => {
      const { stage, backup } = await withBackup();
      const { result, failure, unreached } = await surviving(stage, chain, () =>
        stage.holdfast.start('restore', { target: 'articles', backup, into: 'shelf' }),
      );
      const { problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({ restored: expect.anything() });
      expect(await classesOf(stage.shelf.url)).toEqual(['Article', 'Note']);
      expect(await filesBelow(stage.shelfStorage)).toEqual([]);
      expect(await isLocked(stage.holdfast.client, 'target/shelf')).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'a deletion goes on to its end',
    async () => {
      const { stage, backup } = await withBackup();
      const { failure, unreached } = await surviving(stage, steps.DELETE, () =>
        stage.holdfast.start('delete', { target: 'articles', backup, confirm: backup }),
      );
      const { backups, problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(backups).toEqual([]);
      expect(await filesBelow(stage.storage)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'a deletion that is refused leaves the backup as it was',
    async () => {
      const { stage, backup } = await withBackup();
      const lease = join(stage.disk, 'articles', backup, 'leases', 'r.json');
      const lasts = new Date(Date.now() + PATIENCE_MS).toISOString();
      await mkdir(dirname(lease), { recursive: true });
      await writeFile(
        lease,
        JSON.stringify({
          operation: 'restore',
          workflowId: 'restore/shelf/x',
          runId: 'r',
          until: lasts,
        }),
      );
      const before = await filesBelow(stage.disk);
      const { failure, unreached } = await surviving(stage, steps.SPARED, () =>
        stage.holdfast.start('delete', { target: 'articles', backup, confirm: backup }),
      );

      expect({ unreached, files: await filesBelow(stage.disk) }).toEqual({
        unreached: [],
        files: before,
      });
      expect(failure).toMatchObject({ cause: { type: 'LOCK_HELD' } });
    },
    PATIENCE_MS,
  );

  test(
    'a cancelled backup leaves nothing at the product',
    async () => {
      const stage = await newStage();
      stage.database.switches.workMs = 100_000_000;
      const { failure, unreached } = await surviving(stage, steps.STOPPED_BACKUP_JOB, async () => {
        const handle = await stage.holdfast.start('backup', { target: 'articles' });
        void until(
          'the product writes',
          async () => (await filesBelow(stage.storage)).length > 0,
        ).then(() => handle.cancel());
        return handle;
      });
      const { backups, problems } = await audit(stage);

      expect({ unreached, backups, problems }).toEqual({
        unreached: [],
        backups: [],
        problems: [],
      });
      expect(failure).toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(await filesBelow(stage.storage)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'a cancelled restore leaves nothing at the destination',
    async () => {
      const { stage, backup } = await withBackup();
      stage.shelf.switches.downloadMs = 100_000_000;
      const { failure, unreached } = await surviving(stage, steps.STOPPED_RESTORE_JOB, async () => {
        const into = { target: 'articles', backup, into: 'shelf' };
        const handle = await stage.holdfast.start('restore', into);
        void until('the product restores', () =>
          stage.shelf.requests.some(
            ({ method, path }) => method === 'GET' && path.endsWith('/restore'),
          ),
        ).then(() => handle.cancel());
        return handle;
      });
      const { problems } = await audit(stage);

      expect({ unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(failure).toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(await classesOf(stage.shelf.url)).toEqual([]);
      expect(await filesBelow(stage.shelfStorage)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
