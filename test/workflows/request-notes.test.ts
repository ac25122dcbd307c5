import { expect, test } from 'vitest';
import type { PlannedJob } from '../../activities/products/delegated.ts';
import { requestNotes, withAsked } from '../../activities/restore/delegated/request-notes.ts';
import { backupFolder } from '../pipeline/backup-folder.ts';

const { signal } = new AbortController();

test('a refused request leaves the note of an earlier one, also when attempts are counted from 1 again', async () => {
  await using keeping = await backupFolder();
  const notes = (attempt: number) => requestNotes(keeping.store, 'work/', attempt, signal);
  const asked = async () =>
    (await withAsked(keeping.store, 'work/', {} as PlannedJob, signal)).asked;
  const once = notes(1);
  await once.asking({ seen: 0 });
  await once.refused();
  expect(await asked()).toBeNull();

  await notes(1).asking({ seen: 1 });
  const again = notes(1);
  await again.asking({ seen: 2 });
  await again.refused();
  expect(await asked()).toMatchObject({ look: { seen: 1 } });
});
