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

test('what earlier backups own is looked at before the commit, some at a time', async () => {
  await using backup = await backupFolder();
  const { store } = backup;
  const lines = Array.from({ length: 40 }, (_, index) => ({
    ...line(`data/${index}`),
    from: `../2026-11-19t02-00-00z-7f3a1c/data/${index}`,
  }));
  for (const { from } of lines)
    await store.put(from.replace('..', 'metrics'), Buffer.from('bytes'));
  let [asking, most] = [0, 0];
  const watched = Object.assign(Object.create(store) as typeof store, {
    list: store.list.bind(store),
    head: async (...args: Parameters<typeof store.head>) => {
      most = Math.max(most, ++asking);
      const there = await store.head(...args);
      asking -= 1;
      return there;
    },
  });
  await checkPresence(watched, FOLDER, lines, signal);
  expect(most).toBe(16);
  await store.remove(['metrics/2026-11-19t02-00-00z-7f3a1c/data/33']);
  await expect(checkPresence(watched, FOLDER, lines, signal)).rejects.toMatchObject({
    code: 'BACKUP_INCOMPLETE',
    message: expect.stringContaining('data/33') as string,
  });
});

test.each([
  ['of its own', {}, `${FOLDER}data/x`],
  ['of an earlier backup', { from: '../earlier/data/x' }, 'metrics/earlier/data/x'],
])('an object %s that lies there with another size ends the commit', async (_, from, key) => {
  await using backup = await backupFolder();
  await backup.store.put(key, Buffer.from('longer'));
  const lines = [{ ...line('data/x'), ...from }];
  await expect(checkPresence(backup.store, FOLDER, lines, signal)).rejects.toMatchObject({
    code: 'BACKUP_INCOMPLETE',
    message: expect.stringMatching(/ has 6 bytes, and 5 were stored\.$/) as string,
  });
});
