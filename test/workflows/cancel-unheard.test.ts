import { expect, inject, test } from 'vitest';
import { cancelUnheard, deafRun, doneUnheard } from '../support/deaf-run.ts';
import { deferred } from '../pipeline/streams.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';

test('a run is cancelled also when its activity fails before it hears of the cancel', async () => {
  await deafRun(inject('temporalAddress'), async (run) => {
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await run.describe()).status.name).toBe('CANCELLED');
  });
});

test('a backup whose last page is done before it hears of the cancel is not committed', async () => {
  await doneUnheard(inject('temporalAddress'), async (run, done) => {
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(done).toEqual(['discarded']);
  });
});

const snapshot = givenSnapshot({});
const job = { snapshot, destination: snapshot, backup: 'a-backup', run: {}, warnings: [] };

test('a restore whose last page is proven before it hears of the cancel is undone, not finished', async () => {
  const page = deferred<object>();
  const done: string[] = [];
  const activities = {
    resolveRestore: () => job,
    findRestoreBackup: () => job,
    lease: () => undefined,
    planRestore: () => ({ plan: { artifacts: 1, warnings: [] }, pages: [1] }),
    preflight: () => ({ identity: 'x', version: '1', warnings: [] }),
    prepareRestore: () => undefined,
    restorePage: () => page.promise,
    finishRestore: () => {
      done.push('finished');
      return { restored: [], warnings: [] };
    },
    undoRestore: ({ keep }: { keep: boolean }) => {
      done.push(keep ? 'kept' : 'undone');
      return { removed: [], quarantined: [] };
    },
    releaseLease: () => undefined,
  };
  await withActivities(inject('temporalAddress'), 'restore', activities, async (run) => {
    await cancelUnheard(run, 'restorePage');
    page.resolve({
      artifacts: 1,
      bytes: 1,
      identical: 1,
      equivalent: 0,
      failed: { count: 0, subjects: [] },
    });
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(done).toEqual(['undone']);
  });
});

test('a deletion that is cancelled while it looks who needs the backup removes nothing', async () => {
  const looking = deferred();
  const done: string[] = [];
  const activities = {
    resolveDelete: () => ({ snapshot }),
    findDeleteBackup: () => job,
    condemnBackup: () => looking.promise,
    spareBackup: () => void done.push('spared'),
    removeBackup: () => void done.push('removed'),
  };
  await withActivities(inject('temporalAddress'), 'delete', activities, async (run) => {
    await cancelUnheard(run, 'condemnBackup');
    looking.resolve();
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(done).toEqual(['spared']);
  });
});
