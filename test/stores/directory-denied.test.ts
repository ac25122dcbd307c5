import { chmod, chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import { toJson } from '../../activities/catalog/json.ts';
import { listBackups } from '../../activities/catalog/list-backups.ts';
import { writeObjects } from '../../activities/catalog/objects.ts';
import { predecessor } from '../../activities/catalog/predecessor.ts';
import { newestProof } from '../../activities/catalog/proofs.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { manifestOf, TARGET } from '../products/backup-run.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { expectFailure } from './conformance.ts';
import { diskFaults } from './disk-faults.ts';
import { listOf } from './sources.ts';

const [OLDER, NEWER] = ['2026-11-20t02-00-00z-7f3a1c', '2026-11-21t02-00-00z-8a4b2d'] as const;
const SERVICE = 65_534;

const disk = diskFaults();
let folder: TemporaryFolder;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder('denied');
  store = open();
});
afterEach(() => folder.remove());

const open = () =>
  openStore({ name: 'disk', type: 'directory', path: folder.path }, createStoreResources());

/** What another user made, with what lies below it. */
function deny(path: string): void {
  const denied = join(folder.path, path);
  disk.fault = (call, at) =>
    (call === 'readdir' && at.replace(/\/$/, '') === denied) || at.startsWith(`${denied}/`)
      ? 'EACCES'
      : undefined;
}

async function commit(id: string): Promise<void> {
  const objects = await writeObjects(store, `${TARGET}/${id}/`, []);
  const manifest = { ...manifestOf('influxdb-v2', id, [], objects, {}, []), target: TARGET };
  await store.put(`${TARGET}/${id}/backup.json`, toJson(manifest));
}

describe('a backup whose folder this user may not enter', () => {
  const why = new RegExp(`could not read ${TARGET}/${NEWER}/backup\\.json: this user .*EACCES`);

  beforeEach(async () => {
    await commit(OLDER);
    await commit(NEWER);
    deny(`${TARGET}/${NEWER}`);
  });

  it('is listed as unreadable, beside the others', async () => {
    expect(await listBackups(store, TARGET)).toMatchObject([
      { id: OLDER, manifest: { id: OLDER } },
      { id: NEWER, problem: expect.stringMatching(why) },
    ]);
  });

  it('is passed over by `latest`, which says so', async () => {
    const { manifest, passedOver } = await findBackup(store, TARGET, 'latest');
    expect(manifest.id).toBe(OLDER);
    expect(passedOver).toEqual([expect.stringMatching(why)]);
  });

  it('keeps no backup from being measured against the one before it', async () => {
    const job = { snapshot: { target: TARGET }, backup: '2026-11-22t02-00-00z-9b5c3e' };
    expect((await predecessor(store, job))?.id).toBe(OLDER);
  });

  it('is told by its name when it is asked for', async () => {
    const error = await expectFailure(findBackup(store, TARGET, NEWER), 'BACKUP_DAMAGED');
    expect(error.message).toMatch(why);
    expect(error.hint).toContain('chown');
    const unfinished = listOf(store.openUploads(`${TARGET}/`));
    expect((await expectFailure(unfinished, 'OBJECT_DENIED')).message).toContain(NEWER);
  });
});

it('proofs that this user may not see speak for nothing', async () => {
  await commit(NEWER);
  await store.put(`${TARGET}/${NEWER}/proofs/x.json`, Buffer.from('{}'));
  deny(`${TARGET}/${NEWER}/proofs`);
  expect(await newestProof(store, TARGET, NEWER)).toMatchObject({ ok: false });
});

it('a target whose whole folder is denied is told by its name', async () => {
  await commit(NEWER);
  deny(TARGET);
  const error = await expectFailure(store.folders(`${TARGET}/`), 'OBJECT_DENIED');
  expect(error.message).toContain(`could not list ${TARGET}/`);
});

it('the mark of the host is named when it cannot be read', async () => {
  await store.put('t/x', Buffer.from('x'));
  disk.fault = (_, path) => (path.endsWith('.holdfast-host') ? 'EACCES' : undefined);
  const error = await expectFailure(open().put('t/y', Buffer.from('y')), 'STORE_DENIED');
  expect(error.message).toContain('could not read its file .holdfast-host');
});

it("what root writes belongs to the directory's owner", async (context) => {
  context.skip(process.geteuid?.() !== 0, 'only root can give anything away');
  await chmod(folder.path, 0o700);
  await chown(folder.path, SERVICE, SERVICE);
  await store.put('t/b/backup.json', Buffer.from('{}'));
  for (const path of ['.holdfast-host', 't', 't/b', 't/b/backup.json']) {
    const { uid, gid, mode } = await stat(join(folder.path, path));
    expect({ path, uid, gid }).toEqual({ path, uid: SERVICE, gid: SERVICE });
    expect(mode & 0o077).toBe(0);
  }
});
