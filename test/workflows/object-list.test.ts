import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { readObjects } from '../../activities/catalog/objects.ts';
import { backupFolder, FOLDER } from '../pipeline/backup-folder.ts';

test.each([
  ['no gzip', Buffer.from('{"path":"data/x.tar"}\n')],
  ['no JSON', gzipSync('data/x.tar\n')],
  ['no objects', gzipSync('{"path":"data/x.tar"}\n')],
])('a list of objects that is %s damages the backup, and no try helps', async (_, bytes) => {
  await using backup = await backupFolder();
  await backup.store.put(`${FOLDER}objects.ndjson.gz`, bytes);
  const [target = '', id = ''] = FOLDER.split('/');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const objects = { path: 'objects.ndjson.gz', bytes: bytes.length, sha256 };
  const reading = async () => {
    for await (const line of readObjects(backup.store, { target, id, objects } as Manifest)) {
      expect(line).toBeUndefined();
    }
  };
  await expect(reading()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});
