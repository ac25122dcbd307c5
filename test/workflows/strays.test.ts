import { expect, test } from 'vitest';
import { checkPresence } from '../../activities/backup/check-presence.ts';
import { removeStrays } from '../../activities/backup/remove-strays.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { writeObjects } from '../../activities/catalog/objects.ts';
import { backupFolder, FOLDER } from '../pipeline/backup-folder.ts';

const signal = new AbortController().signal;

const line = (path: string): ObjectLine => ({
  path,
  bytes: 5,
  sha256: '0'.repeat(64),
  codec: 'identity',
  encrypted: true,
  role: 'manifest',
  subject: 'the official manifest',
});

test('a late attempt to commit leaves alone what the attempt that committed has named', async () => {
  await using backup = await backupFolder();
  const { store } = backup;
  await store.put(`${FOLDER}data/x.manifest.age`, Buffer.from('first'));
  await store.put(`${FOLDER}data/x~2.manifest.age`, Buffer.from('again'));
  const late = [line('data/x.manifest.age')];
  const winner = [line('data/x~2.manifest.age')];
  await writeObjects(store, FOLDER, late);
  const objects = await writeObjects(store, FOLDER, winner);

  await checkPresence(store, FOLDER, late, signal);
  await checkPresence(store, FOLDER, winner, signal);

  const [target = '', id = ''] = FOLDER.split('/');
  await removeStrays(store, { target, id, objects } as Manifest, signal);
  expect(await backup.objects()).toEqual(['data/x~2.manifest.age', objects.path]);
});
